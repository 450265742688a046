#!/usr/bin/python3
"""The S3 API of a RunPod network volume, played over a folder that workers see as their mount.

Stands in for what is in RunPod's data centers only. As documented there (docs.runpod.io, "S3-compatible API"): keys are file
paths, the bucket is the volume, every request is signed in its header, and presigned URLs and DeleteObjects do not exist.
Signatures are checked. Prints one line of JSON when it listens; ends with SIGTERM.

usage: volume_server.py --dir FOLDER
"""
import argparse
import datetime
import email.utils
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import urllib.parse
import xml.sax.saxutils

VOLUME = "vol0darkroom"
REGION = "EU-CZ-1"
HIDDEN = ".s3compat_uploads"
PIECE = 1 << 20
SKEW_MAX_S = 3600


class Refusal(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code = status, code


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signing_key(secret, day, region, service):
    key = ("AWS4" + secret).encode()
    for part in (day, region, service, "aws4_request"):
        key = sign(key, part)
    return key


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "volume"

    def log_message(self, *_):
        pass

    # ---- one request ------------------------------------------------------------------------------------------------

    def serve(self):
        url = urllib.parse.urlsplit(self.path)
        self.raw_path, self.raw_query = url.path, url.query
        self.query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
        self.body_left = int(self.headers.get("Content-Length") or 0)
        try:
            self.check_signature()
            bucket, _, key = urllib.parse.unquote(url.path).lstrip("/").partition("/")
            if bucket != VOLUME:
                raise Refusal(404, "NoSuchBucket", "The specified bucket does not exist.")
            self.route(key)
        except Refusal as refusal:
            self.drain()
            self.answer_error(refusal)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = serve

    def route(self, key):
        if self.command == "POST" or "uploads" in self.query and self.command != "GET":
            raise Refusal(501, "NotImplemented", "A header or query you provided implies functionality that is not implemented.")
        if not key:
            return self.list_uploads() if "uploads" in self.query else self.list_objects()
        actions = {"GET": self.get, "HEAD": self.get, "PUT": self.put, "DELETE": self.delete}
        return actions[self.command](self.file_of(key))

    def file_of(self, key):
        parts = key.split("/")
        if any(part in ("", ".", "..") for part in parts) or parts[0] == HIDDEN or "\0" in key:
            raise Refusal(400, "InvalidArgument", "The key is no path below the volume.")
        return self.server.root.joinpath(*parts)

    # ---- signature (AWS Signature Version 4, in headers only) -----------------------------------------------------------

    def check_signature(self):
        if "X-Amz-Signature" in self.query:
            raise Refusal(403, "AccessDenied", "Presigned URLs are not supported.")
        words = self.headers.get("Authorization", "")
        if not words.startswith("AWS4-HMAC-SHA256 "):
            raise Refusal(403, "AccessDenied", "Access Denied")
        fields = dict(part.strip().split("=", 1) for part in words[17:].split(",") if "=" in part)
        access, day, region, service, _ = (fields.get("Credential", "") + "////").split("/")[:5]
        if access != self.server.access_key:
            raise Refusal(403, "InvalidAccessKeyId", "The access key does not exist.")
        moment = self.headers.get("x-amz-date", "")
        when = datetime.datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        if abs((datetime.datetime.now(datetime.timezone.utc) - when).total_seconds()) > SKEW_MAX_S:
            raise Refusal(403, "RequestTimeTooSkewed", "The clocks differ too much.")
        request = self.canonical(fields.get("SignedHeaders", "").split(";"))
        scope = f"{day}/{region}/{service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        right = sign(signing_key(self.server.secret_key, day, region, service), text).hex()
        if not hmac.compare_digest(right, fields.get("Signature", "")):
            raise Refusal(403, "SignatureDoesNotMatch", "The signature does not match.")

    def canonical(self, names):
        pairs = [pair.partition("=")[::2] for pair in self.raw_query.split("&") if pair]
        query = "&".join(f"{name}={value}" for name, value in sorted(pairs))
        headers = "".join(f"{name}:{' '.join((self.headers.get(name) or '').split())}\n" for name in names)
        digest = self.headers.get("x-amz-content-sha256", "")
        return "\n".join([self.command, self.raw_path, query, headers, ";".join(names), digest])

    # ---- objects --------------------------------------------------------------------------------------------------------

    def get(self, file):
        if not file.is_file():
            raise Refusal(404, "NoSuchKey", "The specified key does not exist.")
        size = file.stat().st_size
        begin, end, status = 0, size - 1, 200
        wanted = self.headers.get("Range", "")
        if wanted.startswith("bytes="):
            first, _, last = wanted[6:].partition("-")
            begin = int(first) if first else max(0, size - int(last))
            end = min(int(last), size - 1) if first and last else size - 1
            if begin >= size:
                raise Refusal(416, "InvalidRange", "The range is not satisfiable.")
            status = 206
        self.send_response(status)
        self.send_header("Content-Length", str(max(0, end - begin + 1)))
        self.send_header("ETag", self.etag(file))
        self.send_header("Last-Modified", email.utils.formatdate(file.stat().st_mtime, usegmt=True))
        if status == 206:
            self.send_header("Content-Range", f"bytes {begin}-{end}/{size}")
        self.end_headers()
        if self.command == "HEAD":
            return
        with open(file, "rb") as source:
            source.seek(begin)
            left = end - begin + 1
            while left > 0 and (piece := source.read(min(PIECE, left))):
                self.wfile.write(piece)
                left -= len(piece)

    def put(self, file):
        source = self.headers.get("x-amz-copy-source")
        self.make_folder(file)
        with tempfile.NamedTemporaryFile(dir=self.server.hidden, delete=False) as target:
            try:
                if source:
                    name = urllib.parse.unquote(source).lstrip("/").partition("/")[2]
                    origin = self.file_of(name)
                    if not origin.is_file():
                        raise Refusal(404, "NoSuchKey", "The specified key does not exist.")
                    target.write(origin.read_bytes())
                else:
                    self.receive(target)
            except BaseException:
                os.unlink(target.name)
                raise
        os.chmod(target.name, 0o644)
        os.replace(target.name, file)
        if source:
            modified = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            return self.answer_xml(f"<CopyObjectResult><ETag>{self.etag(file)}</ETag><LastModified>{modified}</LastModified></CopyObjectResult>")
        return self.answer(200, b"", {"ETag": self.etag(file)})

    def receive(self, target):
        digest = hashlib.sha256()
        while self.body_left > 0:
            piece = self.rfile.read(min(PIECE, self.body_left))
            if not piece:
                raise ConnectionError("the body ended early")
            self.body_left -= len(piece)
            digest.update(piece)
            target.write(piece)
        told = self.headers.get("x-amz-content-sha256", "")
        if told != "UNSIGNED-PAYLOAD" and told != digest.hexdigest():
            raise Refusal(400, "XAmzContentSHA256Mismatch", "The body is not what was signed.")

    def make_folder(self, file):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise Refusal(409, "InvalidRequest", "A file is in the place of a folder.") from error
        if file.is_dir():
            raise Refusal(409, "InvalidRequest", "A folder has this name.")

    def delete(self, file):
        if file.is_file():
            file.unlink()
        self.answer(204, b"")

    def list_objects(self):
        prefix = self.query.get("prefix", [""])[0]
        after = self.query.get("continuation-token", self.query.get("start-after", [""]))[0]
        count_max = min(1000, int(self.query.get("max-keys", ["1000"])[0]))
        keys = sorted(key for key in self.all_keys() if key.startswith(prefix) and key > after)
        page, more = keys[:count_max], len(keys) > count_max
        rows = "".join(self.row_of(key) for key in page)
        token = f"<NextContinuationToken>{xml.sax.saxutils.escape(page[-1])}</NextContinuationToken>" if more and page else ""
        self.answer_xml(f"<ListBucketResult><Name>{VOLUME}</Name><IsTruncated>{str(more).lower()}</IsTruncated>"
                        f"<KeyCount>{len(page)}</KeyCount>{token}{rows}</ListBucketResult>")

    def all_keys(self):
        for folder, folders, files in os.walk(self.server.root):
            folders[:] = [name for name in folders if name != HIDDEN]
            here = pathlib.Path(folder).relative_to(self.server.root).as_posix()
            base = "" if here == "." else here + "/"
            if base and not folders and not files:
                yield base  # listings of volumes show empty folders
            for name in files:
                yield base + name

    def row_of(self, key):
        file = self.server.root / key
        try:
            facts = file.stat()
        except FileNotFoundError:
            return ""
        size = 0 if key.endswith("/") else facts.st_size
        modified = datetime.datetime.fromtimestamp(facts.st_mtime, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return (f"<Contents><Key>{xml.sax.saxutils.escape(key)}</Key><LastModified>{modified}</LastModified>"
                f"<ETag>{self.etag(file)}</ETag><Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>")

    def list_uploads(self):
        self.answer_xml("<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>")

    @staticmethod
    def etag(file):
        return f'"{hashlib.md5(file.read_bytes()).hexdigest()}"' if file.is_file() else '""'

    # ---- answers --------------------------------------------------------------------------------------------------------

    def drain(self):
        while self.body_left > 0 and (piece := self.rfile.read(min(PIECE, self.body_left))):
            self.body_left -= len(piece)

    def answer(self, status, body, headers=None):
        self.drain()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer_xml(self, text):
        self.answer(200, b'<?xml version="1.0" encoding="UTF-8"?>' + text.encode(), {"Content-Type": "application/xml"})

    def answer_error(self, refusal):
        text = f"<Error><Code>{refusal.code}</Code><Message>{refusal}</Message></Error>".encode()
        self.answer(refusal.status, text, {"Content-Type": "application/xml"})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dir", required=True, type=pathlib.Path)
    root = parser.parse_args().dir.resolve()
    root.mkdir(parents=True, exist_ok=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.root, server.hidden = root, root / HIDDEN
    shutil.rmtree(server.hidden, ignore_errors=True)
    server.hidden.mkdir()
    server.access_key, server.secret_key = "user_" + secrets.token_hex(8), "rps_" + secrets.token_hex(20)
    print(json.dumps({"endpoint": f"http://127.0.0.1:{server.server_port}", "volume": VOLUME, "region": REGION,
                      "access_key": server.access_key, "secret_key": server.secret_key}), flush=True)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    sys.exit(0)


main()

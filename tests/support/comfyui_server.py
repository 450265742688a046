#!/usr/bin/python3
"""A ComfyUI server without models: the HTTP API of one, over a folder, with the traps of the real one and faults on demand.

Written from the protocol alone. Strict about what it takes: what ComfyUI refuses is refused with its words, and what a client
must never send (an Origin, a prompt without a client id, an interrupt without a prompt's id, /history of everything) is
counted as a foul. One prompt runs at a time; with "hold" on, each waits for "release". Commands are lines of JSON on standard
input, each answered by one line: {"set": {...}}, {"release": n}, {"restart": true}, {"foreign": n}, {"report": true},
{"wait": "running"}. Prints one line of JSON when it listens; ends with its input or SIGTERM.

What becomes of prompts stands in journal.jsonl in the folder, which outlives the process. With --transform results are the
inputs, worked on by ImageMagick; else they are drawn.

usage: comfyui_server.py --dir FOLDER [--run-ms N] [--port N] [--transform]
"""
import argparse
import json
import pathlib
import re
import signal
import sys
import threading
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.dont_write_bytecode = True
from comfyui_play import UUID, Comfy, now_ms, obey  # noqa: E402
from comfyui_socket import serve_socket  # noqa: E402


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Python/3.12 aiohttp/3.11"
    wbufsize, disable_nagle_algorithm = -1, True  # head and body go out together

    def log_message(self, *_):
        pass

    def serve(self):
        comfy = self.server.comfy
        url = urllib.parse.urlsplit(self.path)
        self.query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Origin"):
            comfy.fouls.append("an Origin was sent")
        if not url.path.startswith("/api/"):
            comfy.fouls.append("a route without /api: " + url.path)
        if url.path == "/api/ws":
            try:
                return serve_socket(self, comfy, self.query["clientId"][0])
            except OSError:  # the client has left
                return None
        with comfy.lock:
            if len(body) > comfy.set["upload_max"]:
                return self.answer(413, b"Maximum request body size exceeded", "text/plain")
            for switch, status in (("proxy_524", 524), ("not_ready", 503)):
                if comfy.set[switch] > 0:
                    comfy.set[switch] -= 1
                    return self.answer(status, b"<html><body>error code</body></html>", "text/html")
        path = url.path.removeprefix("/api").strip("/").split("/")
        name = f"{self.command.lower()}_{path[0]}"
        if path[0] == "jobs" and not comfy.set["jobs_api"] or not hasattr(self, name):
            return self.answer(404, b"404: Not Found", "text/plain")
        try:
            return getattr(self, name)(comfy, path[1:], body)
        except (ValueError, AttributeError, KeyError, TypeError):
            return self.answer(500, b"500 Internal Server Error\n\nServer got itself in trouble", "text/plain")

    do_GET = do_POST = serve

    def post_prompt(self, comfy, _, body):
        data = json.loads(body)
        with comfy.lock:
            if "prompt" not in data:
                return self.json(400, comfy.refusal("no_prompt", "No prompt provided"))
            prompt_id = str(data.get("prompt_id") or uuid.uuid4())
            if comfy.set["uuids_only"] and not UUID.match(prompt_id):
                return self.json(400, comfy.refusal("invalid_prompt_id", "Invalid prompt_id"))
            if not data.get("client_id"):
                comfy.fouls.append("a prompt without a client_id")
            comfy.posts[prompt_id] = comfy.posts.get(prompt_id, 0) + 1
            comfy.note("post", prompt_id)
            refusal, errors, good = comfy.check(data["prompt"])
            if refusal:
                return self.json(400, refusal)
            comfy.number += 1
            extra = {"client_id": data.get("client_id"), "create_time": now_ms()}
            comfy.pending.append([comfy.number, prompt_id, data["prompt"], extra, good])
            comfy.lock.notify_all()
            if comfy.set["accept_then_cut"] > 0:
                comfy.set["accept_then_cut"] -= 1
                self.close_connection = True
                return None  # without an answer
        return self.json(200, {"prompt_id": prompt_id, "number": comfy.number, "node_errors": errors})

    def get_queue(self, comfy, *_):
        with comfy.lock:
            # A prompt stays among the running ones until its entry is there.
            running = [comfy.running] if comfy.running else []
            running += [entry["prompt"] for entry in comfy.history.values() if entry["late"] > 0]
            return self.json(200, {"queue_running": running, "queue_pending": comfy.pending})

    def post_queue(self, comfy, _, body):
        ids = json.loads(body).get("delete", [])
        with comfy.lock:
            comfy.pending = [item for item in comfy.pending if item[1] not in ids]
        return self.answer(200, b"")

    def post_interrupt(self, comfy, _, body):
        wanted = json.loads(body).get("prompt_id") if body else None
        with comfy.lock:
            by_id = [int(n) for n in comfy.set["version"].split(".")] >= [0, 3, 57]
            if not wanted or not by_id:
                comfy.fouls.append("an interrupt of whatever runs")
            if comfy.running and (not by_id or not wanted or wanted == comfy.running[1]):
                comfy.interrupted = comfy.running[1]
                comfy.lock.notify_all()
        return self.answer(200, b"")

    def get_history(self, comfy, path, _):
        if not path:
            comfy.fouls.append("/history of everything")
            return self.json(200, {})
        with comfy.lock:
            entry = comfy.history.get(path[0])
            if entry and entry["late"] > 0:
                entry["late"] -= 1
                entry = None
            return self.json(200, {path[0]: {k: v for k, v in entry.items() if k != "late"}} if entry else {})

    def post_history(self, comfy, _, body):
        with comfy.lock:
            for key in json.loads(body).get("delete", []):
                comfy.history.pop(key, None)
        return self.answer(200, b"")

    def post_free(self, comfy, _, body):
        flags = json.loads(body)
        comfy.frees += bool(flags["unload_models"] and flags["free_memory"])
        return self.answer(200, b"")

    def word_of(self, comfy, key):
        if comfy.running and comfy.running[1] == key:
            return "in_progress"
        if any(item[1] == key for item in comfy.pending):
            return "pending"
        if key in comfy.history and comfy.history[key]["late"] > 0:
            return "in_progress"
        if key in comfy.history:
            status = comfy.history[key]["status"]
            return "completed" if status and status["completed"] else "failed"
        return None

    def get_jobs(self, comfy, path, _):
        with comfy.lock:
            word = self.word_of(comfy, path[0])
        return self.json(200, {"id": path[0], "status": word}) if word else self.json(404, {"error": "Job not found"})

    def post_jobs(self, comfy, path, _):
        with comfy.lock:
            word = self.word_of(comfy, path[0]) if path[1] == "cancel" else None
            if word == "in_progress":
                comfy.interrupted = path[0]
            comfy.pending = [item for item in comfy.pending if item[1] != path[0]]
            comfy.lock.notify_all()
        return self.json(200, {"cancelled": word in ("pending", "in_progress")})

    def get_system_stats(self, comfy, *_):
        gpu = {"name": "cuda:0 Stand-in", "type": "cuda", "index": 0, "vram_total": 25757220864, "vram_free": 24000000000}
        return self.json(200, {"system": {"os": "posix", "comfyui_version": comfy.set["version"],
                                          "argv": ["main.py", "--disable-metadata"]}, "devices": [gpu]})

    def get_object_info(self, comfy, path, _):
        if not path:
            comfy.fouls.append("/object_info of everything")
            return self.json(200, {})
        with comfy.lock:
            if not comfy.set["object_info"]:
                return self.answer(404, b"404: Not Found", "text/plain")
            return self.json(200, comfy.info_of(urllib.parse.unquote("/".join(path))))

    def post_upload(self, comfy, path, body):
        parts = self.multipart(body)
        name, data = parts["image"]
        if not name or path != ["image"]:
            return self.answer(400, b"")
        folder = parts.get("subfolder", (None, b""))[1].decode()
        kind = parts.get("type", (None, b"input"))[1].decode()
        if kind not in ("input", "temp", "output"):
            raise ValueError(kind)
        base = (comfy.root / kind).resolve()
        place = (base / folder).resolve()
        if not place.is_relative_to(base) or not (place / name).resolve().is_relative_to(place):
            return self.answer(400, b"")
        place.mkdir(parents=True, exist_ok=True)
        stem, dot, ending = name.rpartition(".")
        overwrite = parts.get("overwrite", (None, b""))[1] in (b"true", b"1")
        if comfy.set["rename_uploads"] or (place / name).exists() and not overwrite and (place / name).read_bytes() != data:
            name = f"{stem} (1){dot}{ending}"
        (place / name).write_bytes(data)
        return self.json(200, {"name": name, "subfolder": folder, "type": kind})

    def multipart(self, body):
        boundary = re.fullmatch(r'multipart/form-data; ?boundary="?([^"]+)"?', self.headers["Content-Type"]).group(1)
        chunks = body.split(b"--" + boundary.encode())
        if chunks[0] != b"" or not chunks[-1].startswith(b"--"):
            raise ValueError("no multipart")
        parts = {}
        for chunk in chunks[1:-1]:
            head, _, data = chunk.removeprefix(b"\r\n").partition(b"\r\n\r\n")
            name = re.search(rb'name="([^"]*)"', head).group(1).decode()
            file = re.search(rb'filename="([^"]*)"', head)
            parts[name] = (file.group(1).decode() if file else None, data.removesuffix(b"\r\n"))
        return parts

    def get_view(self, comfy, *_):
        name = self.query.get("filename", [""])[0]
        kind, folder = self.query.get("type", ["output"])[0], self.query.get("subfolder", [""])[0]
        if name.startswith("/") or ".." in name or kind not in ("input", "output", "temp"):
            comfy.fouls.append("a /view with a trick: " + name)
            return self.answer(400, b"")
        base = (comfy.root / kind).resolve()
        if not (base / folder).resolve().is_relative_to(base):
            comfy.fouls.append("a /view with a trick: " + folder)
            return self.answer(403, b"")
        file = base / folder / name
        if comfy.set["view_404"] > 0 or not file.is_file():
            comfy.set["view_404"] -= 1
            return self.answer(404, b"")
        return self.send_file(comfy, file)

    def send_file(self, comfy, file):
        data = file.read_bytes()
        tag = f'"{file.stat().st_mtime_ns:x}-{len(data):x}"'
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        begin = int(wanted.group(1)) if wanted and self.headers.get("If-Range") in (None, tag) else 0
        self.send_response(206 if begin else 200)
        self.send_header("ETag", tag)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - begin))
        self.end_headers()
        cut = comfy.set["view_cut"] > 0
        comfy.set["view_cut"] -= cut
        self.close_connection = cut
        self.wfile.write(data[begin:begin + max(1, (len(data) - begin) // 2)] if cut else data[begin:])

    def json(self, status, value):
        self.answer(status, json.dumps(value).encode(), "application/json; charset=utf-8")

    def answer(self, status, body, content_type="application/octet-stream"):
        self.send_response(status, "OK" if status == 200 else "Answer")
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dir", required=True, type=pathlib.Path)
    parser.add_argument("--run-ms", default=0, type=int)
    parser.add_argument("--port", default=0, type=int)
    parser.add_argument("--transform", action="store_true")
    options = parser.parse_args()
    comfy = Comfy(options.dir.resolve(), options.run_ms, options.transform)
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.daemon_threads, server.comfy = True, comfy
    threading.Thread(target=comfy.work, daemon=True).start()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}"}), flush=True)
    for line in sys.stdin:
        print(json.dumps(obey(comfy, json.loads(line))), flush=True)


main()

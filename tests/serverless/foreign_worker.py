#!/usr/bin/python3
"""A RunPod worker that runs ComfyUI workflows and has never heard of Darkroom, played without a GPU: it "runs" a graph by
turning the picture that LoadImage names, and saves and answers as such workers do. The handlers are plain RunPod handlers:
with --sdk they are run by RunPod's own Python package, else by the few lines of its protocol below.

FOREIGN_KIND   files: {"workflow_api"} in, paths on the volume out; images: {"workflow","images"} in, base64 out; message: as
               before version 5 of worker-comfyui; links: as images, by URLs of a server of its own
FOREIGN_VOLUME the network volume as a folder (files)
FOREIGN_FAULT  a file that holds the name of what is to go wrong, or nothing
"""
import base64
import functools
import http.server
import json
import os
import pathlib
import struct
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
import zlib

KIND = os.environ.get("FOREIGN_KIND", "files")
VOLUME = pathlib.Path(os.environ.get("FOREIGN_VOLUME", "."))
NODES = {"78": "LoadImage", "93": "ImageScaleToTotalPixels", "3": "KSampler", "60": "SaveImage"}


def fault():
    try:
        return pathlib.Path(os.environ.get("FOREIGN_FAULT", "/nonexistent")).read_text().strip()
    except FileNotFoundError:
        return ""


# ---- pictures: 8-bit RGB PNG files without filters, as the tests send them ---------------------------------------------

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def turned(picture, graph):
    """The same picture in its complementary colours, with the workflow in it as ComfyUI writes it."""
    assert picture.startswith(b"\x89PNG\r\n\x1a\n"), "this player reads PNG files only"
    at, head, data = 8, b"", b""
    while at < len(picture):
        (size,), kind = struct.unpack_from(">I", picture, at), picture[at + 4:at + 8]
        body = picture[at + 8:at + 8 + size]
        head, data = (body if kind == b"IHDR" else head), (data + body if kind == b"IDAT" else data)
        at += 12 + size
    width, height = struct.unpack_from(">II", head)
    rows, line = bytearray(zlib.decompress(data)), width * 3 + 1
    assert len(rows) == line * height and head[8:10] == b"\x08\x02" and not any(rows[::line]), "of a kind that it cannot read"
    pixels = bytes(value if at % line == 0 else 255 - value for at, value in enumerate(rows))
    note = b"prompt\0" + json.dumps(graph).encode()
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"tEXt", note) + chunk(b"IDAT", zlib.compress(pixels)) +
            chunk(b"IEND", b""))


# ---- a ComfyUI's part ----------------------------------------------------------------------------------------------------

def check(graph):
    for node, kind in NODES.items():
        if graph.get(node, {}).get("class_type") != kind:
            return f"Workflow validation failed:\n- Node {node}: {kind} was expected"
    if not isinstance(graph["3"]["inputs"].get("seed"), int) or graph["3"]["inputs"]["seed"] == 0:
        return "Workflow validation failed:\n- Node 3 (seed): was not drawn"
    return None


def saved_name(graph, folder):
    """As SaveImage counts: the folder of its prefix, the prefix, five digits, an underscore."""
    prefix = graph["60"]["inputs"]["filename_prefix"]
    place = folder / os.path.dirname(prefix)
    place.mkdir(parents=True, exist_ok=True)
    return place / f"{os.path.basename(prefix)}_{len(list(place.iterdir())) + 1:05}_.png"


# ---- {"workflow_api"} → files --------------------------------------------------------------------------------------------

def files_handler(job):
    graph = job["input"].get("workflow_api")
    if not isinstance(graph, dict):
        return {"error": "Missing workflow_api"}
    wrong = check(graph)
    if wrong:
        return {"error": wrong}
    made = turned((VOLUME / "inputs" / graph["78"]["inputs"]["image"]).read_bytes(), graph)
    file = saved_name(graph, VOLUME / "outputs")
    today = fault()
    contents = {"empty": b"", "truncated": made[:len(made) // 2], "undecodable": b"<html>no picture</html>"}
    if today in ("trick", "elsewhere", "inputs", "count"):
        file = VOLUME / "outputs" / "somewhere.png"
    if today not in ("missing", "nothing"):
        file.write_bytes(contents.get(today, made))
    path = "/workspace/" + file.relative_to(VOLUME).as_posix()
    if today == "renamed":
        file = file.rename(VOLUME / "outputs" / f"{uuid.uuid4().hex}.png")
        path = "/runpod-volume/outputs/" + file.name
    answers = {"lie": ["/etc/passwd"], "trick": ["/workspace/outputs/../../../etc/passwd"], "elsewhere": ["/etc/passwd"], "inputs": ["/workspace/inputs/a.png"],
               "flat": ["/workspace/outputs/" + file.name], "nothing": []}
    files = answers.get(today, [path])
    return {"prompt_id": str(uuid.uuid4()), "files": files, "file_count": len(files) + (today == "count")}


# ---- {"workflow","images"} → images or message ---------------------------------------------------------------------------

@functools.cache
def link_server(folder):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    handler.log_message = lambda *_: None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


def images_handler(job):
    given = job["input"]
    graph, images = given.get("workflow"), given.get("images")
    if not isinstance(graph, dict) or not isinstance(images, list):
        return {"error": "Missing 'workflow' parameter"}
    wrong = check(graph)
    if wrong:
        return {"error": wrong}
    pictures = {image["name"]: base64.b64decode(image["image"], validate=True) for image in images}
    made = turned(pictures[graph["78"]["inputs"]["image"]], graph)
    name = os.path.basename(graph["60"]["inputs"]["filename_prefix"]) + "_00001_.png"
    today = fault()
    errors = {"oom": "CUDA out of memory. Tried to allocate 2.00 GiB", "model": "Workflow validation failed:\n- Node 4 "
              "(ckpt_name): Value not in list: ckpt_name: 'x.safetensors' not in []"}
    if today in errors:
        return {"error": errors[today], "details": ["Node 4"]}
    if today == "nothing":
        return {"status": "success_no_images", "images": []}
    if KIND == "message":
        return {"status": "success", "message": base64.b64encode(made).decode()}
    if KIND == "links":
        folder = os.getcwd()
        pathlib.Path(folder, name).write_bytes(made)
        return {"images": [{"filename": name, "type": "s3_url", "data": link_server(folder) + name + "?X-Amz-Signature=abc"}]}
    data = {"not-base64": "no!", "undecodable": base64.b64encode(b"<html>" * 9).decode(),
            "truncated": base64.b64encode(made[:len(made) // 2]).decode(),
            "giant": "A" * (12 << 20)}.get(today, base64.b64encode(made).decode())
    return {"images": [{"filename": name, "type": "base64", "data": data}], "errors": ["node 61 was skipped"]}


HANDLER = files_handler if KIND == "files" else images_handler


# ---- the worker's protocol, as far as a handler needs it -----------------------------------------------------------------

def call(url, body=None):
    headers = {"Authorization": os.environ["RUNPOD_AI_API_KEY"], "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=100) as answer:
        return answer.status, answer.read()


def ping():
    while True:
        try:
            call(os.environ["RUNPOD_WEBHOOK_PING"].replace("$RUNPOD_POD_ID", os.environ["RUNPOD_POD_ID"]))
        except OSError:
            pass
        time.sleep(1)


def work_on(job):
    try:
        output = HANDLER(job)
        error = output.pop("error", None)
        report = {"output": output} | ({"error": error} if error else {})
    except Exception as problem:  # as RunPod's package tells it
        report = {"error": json.dumps({"error_type": str(type(problem)), "error_message": str(problem)})}
    url = os.environ["RUNPOD_WEBHOOK_POST_OUTPUT"].replace("$RUNPOD_POD_ID", os.environ["RUNPOD_POD_ID"])
    call(url.replace("$ID", job["id"]) + "&isStream=false", json.dumps(report).encode())


def main():
    if "--sdk" in sys.argv:
        import ctypes
        import runpod
        # The package's heartbeat is a process of its own that would outlive a worker that is killed (PR_SET_PDEATHSIG).
        os.register_at_fork(after_in_child=lambda: ctypes.CDLL(None).prctl(1, 9))
        runpod.serverless.start({"handler": HANDLER})
        return
    threading.Thread(target=ping, daemon=True).start()
    url = os.environ["RUNPOD_WEBHOOK_GET_JOB"].replace("$ID", os.environ["RUNPOD_POD_ID"]) + "&job_in_progress=0"
    while True:
        try:
            status, body = call(url)
            if status == 200 and body:
                work_on(json.loads(body))
        except urllib.error.HTTPError as refused:
            print("refused:", refused.code, file=sys.stderr, flush=True)
        except OSError:
            time.sleep(0.2)


if __name__ == "__main__":
    main()

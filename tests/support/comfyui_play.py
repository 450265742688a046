"""What the played ComfyUI (comfyui_server.py) does behind its routes: the checks of a graph, the queue, the one thread that works
and the history, with its faults; and the commands by which a test steers it. All of it is gone with a restart, as there.
"""
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import threading
import time
import zlib

KNOWN = {"LoadImage", "SaveImage", "PreviewImage", "KSampler", "ImageScale", "UpscaleModelLoader", "VHS_VideoCombine",
         "CheckpointLoaderSimple", "CLIPTextEncode", "VAEDecode", "VAEEncode", "ImageScaleToTotalPixels"}
OUTPUTS = {"SaveImage", "PreviewImage", "VHS_VideoCombine"}
# Each loader with its input, the files that are there, and which of the two ways it tells of them.
MODELS = {"UpscaleModelLoader": ("model_name", ["4x-UltraSharp.pth"], "listed"),
          "CheckpointLoaderSimple": ("ckpt_name", ["sd_xl_base_1.0.safetensors"], "combo")}
PIXELS_PER_MP = 1024 * 1024
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
DEFAULTS = {"hold": False, "uuids_only": True, "jobs_api": True, "version": "0.38.1", "accept_then_cut": 0, "proxy_524": 0,
            "ends": "success", "batch": 1, "cached": "", "history_late": 0, "deaf_to_interrupt": False, "view_404": 0,
            "view_cut": 0, "upload_max": 100 << 20, "rename_uploads": False, "bad_name": "", "no_images": False,
            "null_status": False, "not_ready": 0, "null_outputs": False, "nodes_gone": [], "models_gone": [],
            "object_info": True, "pad": 0, "socket": "events"}


def png(width, height, shade):
    rows = b"".join(b"\0" + bytes([shade, 255 - shade, 96]) * width for _ in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def now_ms():
    return int(time.time() * 1000)


def is_link(value):
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], int)


class Comfy:
    """The queue, the history and the one thread that works: all of it gone with a restart."""

    def __init__(self, root, run_ms, transform=False):
        self.root, self.run_ms, self.transform = root, run_ms, transform
        self.lock = threading.Condition()
        self.set = dict(DEFAULTS)
        self.posts, self.runs, self.fouls, self.frees = {}, {}, [], 0
        self.released, self.life, self.number = 0, 0, 0
        self.broken = False  # a CUDA fault lasts until the restart
        self.forget_all()
        for kind in ("input", "output", "temp"):
            (root / kind).mkdir(parents=True, exist_ok=True)

    def note(self, what, prompt_id):
        """What happened to a prompt, for whoever asks after this process was killed."""
        with open(self.root / "journal.jsonl", "a", encoding="ascii") as journal:
            journal.write(json.dumps({"what": what, "prompt": prompt_id, "process": os.getpid()}) + "\n")

    def knows(self, class_type):
        return class_type in KNOWN and class_type not in self.set["nodes_gone"]

    def files_for(self, class_type):
        return [name for name in MODELS[class_type][1] if name not in self.set["models_gone"]]

    def info_of(self, class_type):
        """What /object_info says of one class of nodes: as much as a client may rely on."""
        if not self.knows(class_type):
            return {}
        required = {}
        if class_type in MODELS:
            name, _, way = MODELS[class_type]
            files = self.files_for(class_type)
            required[name] = [files, {"tooltip": "x"}] if way == "listed" else ["COMBO", {"options": files}]
        if class_type == "LoadImage":
            required["image"] = [["of somebody else.png"], {"image_upload": True}]
        return {class_type: {"input": {"required": required, "hidden": {}}, "output_node": class_type in OUTPUTS,
                             "name": class_type, "display_name": class_type, "category": "played"}}

    def forget_all(self):
        self.pending, self.running, self.history, self.interrupted = [], None, {}, None

    def restart(self):
        with self.lock:
            self.life += 1
            self.broken = False
            self.forget_all()
            shutil.rmtree(self.root / "temp", ignore_errors=True)
            (self.root / "temp").mkdir()
            self.lock.notify_all()

    # ---- validation, as /prompt does it before it answers ---------------------------------------------------------------

    def refusal(self, kind, message, details="", extra=None, node_errors=None):
        return {"error": {"type": kind, "message": message, "details": details, "extra_info": extra or {}},
                "node_errors": node_errors or {}}

    def check(self, graph):
        """(refusal, errors of nodes, outputs that can run)"""
        for key, node in graph.items():
            if "class_type" not in node or not self.knows(node["class_type"]):
                name = node.get("class_type")
                if self.set["uuids_only"]:
                    return self.refusal("missing_node_type", f"Node '{name}' not found.", f"Node ID '#{key}'",
                                        {"node_id": key, "class_type": name, "node_title": name}), {}, []
                return self.refusal("invalid_prompt", f"Cannot execute because node {name} does not exist.",
                                    f"Node ID '#{key}'"), {}, []
        outputs = [key for key, node in graph.items() if node["class_type"] in OUTPUTS]
        if not outputs:
            return self.refusal("prompt_no_outputs", "Prompt has no outputs"), {}, []
        errors = {}
        good = [key for key in outputs if self.check_branch(graph, key, key, errors, set())]
        if not good:
            return self.refusal("prompt_outputs_failed_validation", "Prompt outputs failed validation",
                                "\n".join(e["details"] for n in errors.values() for e in n["errors"]), None, errors), {}, []
        return None, errors, good

    def check_branch(self, graph, key, output, errors, seen):
        node = graph.get(key)
        if node is None:
            self.node_error(errors, output, graph[output], output, "exception_during_inner_validation", f"'{key}'", {})
            return False
        if key in seen:
            return True
        seen.add(key)
        good, inputs = True, node["inputs"]
        for name, value in inputs.items():
            if is_link(value):
                good = self.check_branch(graph, value[0], output, errors, seen) and good
            elif isinstance(value, list):
                self.node_error(errors, key, node, output, "bad_linked_input", f"{name}", {"input_name": name})
                good = False
        if node["class_type"] == "LoadImage":
            if "image" not in inputs:
                self.node_error(errors, key, node, output, "required_input_missing", "image", {"input_name": "image"})
                good = False
            elif not (self.root / "input" / str(inputs["image"])).is_file():
                self.node_error(errors, key, node, output, "custom_validation_failed",
                                f"image - Invalid image file: {inputs['image']}", {"input_name": "image"})
                good = False
        if node["class_type"] in MODELS:
            name = MODELS[node["class_type"]][0]
            files = self.files_for(node["class_type"])
            if inputs.get(name) not in files:
                self.node_error(errors, key, node, output, "value_not_in_list", f"{name}: '{inputs.get(name)}' not in {files}",
                                {"input_name": name, "received_value": inputs.get(name), "input_config": None})
                good = False
        if node["class_type"] == "KSampler" and not 0 <= inputs.get("denoise", 1.0) <= 1:
            self.node_error(errors, key, node, output, "value_bigger_than_max", f"Value {inputs['denoise']} bigger than max",
                            {"input_name": "denoise", "input_config": ["FLOAT", {"max": 1.0, "step": float("nan")}]})
            good = False
        return good

    @staticmethod
    def node_error(errors, key, node, output, kind, details, extra):
        entry = errors.setdefault(key, {"class_type": node["class_type"], "dependent_outputs": [output], "errors": []})
        entry["errors"].append({"type": kind, "message": kind, "details": details, "extra_info": extra})

    # ---- the worker ---------------------------------------------------------------------------------------------------------

    def work(self):
        while True:
            with self.lock:
                self.lock.wait_for(lambda: self.pending)
                self.pending.sort(key=lambda item: item[0])
                item, life = self.pending.pop(0), self.life
                self.running, self.interrupted = item, None
                self.runs[item[1]] = self.runs.get(item[1], 0) + 1
                self.note("run", item[1])
                started = now_ms()
                self.lock.notify_all()
                self.lock.wait_for(lambda: self.life != life or not self.set["hold"] or self.released > 0 or
                                   self.interrupted == item[1] and not self.set["deaf_to_interrupt"])
                if self.life != life:
                    continue  # that process is gone
                if self.set["hold"] and self.interrupted != item[1]:
                    self.released -= 1
            if self.run_ms:
                time.sleep(self.run_ms / 1000)
            pictures = {key: self.picture_of(item[2], key) for key in item[4]}
            with self.lock:
                if self.life != life:
                    continue
                self.history[item[1]] = self.entry_of(item, started, pictures)
                self.note("end", item[1])
                self.running = None
                self.lock.notify_all()

    def source_of(self, graph, key):
        """The LoadImage that a node's picture comes from, and the working size on the way, in megapixels."""
        megapixels, todo, seen = 1.0, [key], set()
        while todo:
            key = todo.pop()
            if key in seen or key not in graph:
                continue
            seen.add(key)
            node = graph[key]
            megapixels = float(node["inputs"].get("megapixels", megapixels))
            if node["class_type"] == "LoadImage":
                return self.root / "input" / node["inputs"]["image"], megapixels
            todo += [value[0] for value in node["inputs"].values() if is_link(value)]
        return None, megapixels

    def picture_of(self, graph, key):
        """The input of the graph, visibly worked on by ImageMagick; None = the drawn one will do, b"" = it cannot be read."""
        source, megapixels = self.source_of(graph, key) if self.transform else (None, 0)
        if source is None:
            return None
        size = f"{int(megapixels * PIXELS_PER_MP)}@"
        done = subprocess.run(["convert", str(source), "-auto-orient", "-resize", size, "-despeckle", "-normalize",
                               "-modulate", "100,130", "-unsharp", "0x1.5+0.8", "-strip", "png:-"],
                              check=False, capture_output=True, timeout=60)
        if done.returncode != 0:
            print(done.stderr.decode(errors="replace"), file=sys.stderr, flush=True)
        return done.stdout if done.returncode == 0 else b""

    def entry_of(self, item, started, pictures):
        at = {"prompt_id": item[1]}
        messages = [["execution_start", at | {"timestamp": started}],
                    ["execution_cached", at | {"nodes": ["1"] if self.set["cached"] else [], "timestamp": started}]]
        ends = "cuda" if self.broken else "bad_image" if b"" in pictures.values() else self.set["ends"]
        failure = {"oom": ("torch.OutOfMemoryError", "Allocation on device 0 would exceed allowed memory."),
                   "oom_words": ("RuntimeError", "CUDA error: out of memory"),
                   "cuda": ("RuntimeError", "CUDA error: an illegal memory access was encountered"),
                   "bad_image": ("PIL.UnidentifiedImageError", "cannot identify image file 'x.png'"),
                   "disk_full": ("OSError", "[Errno 28] No space left on device"),
                   "lying_status": ("DependencyCycleError", "Dependency cycle detected"),
                   "shapes": ("RuntimeError", "mat1 and mat2 shapes cannot be multiplied")}.get(ends)
        outputs, text = {}, "success"
        if self.interrupted == item[1] or ends == "third_party":
            text = "error"
            messages.append(["execution_interrupted", at | {"node_id": "3", "node_type": "KSampler", "executed": [],
                                                            "timestamp": now_ms()}])
        elif failure:
            self.broken = self.broken or ends == "cuda"
            text = "success" if ends == "lying_status" else "error"
            messages.append(["execution_error", at | {"node_id": "3", "node_type": "KSampler", "executed": [],
                                                      "exception_type": failure[0], "exception_message": failure[1],
                                                      "traceback": ["..."], "current_inputs": {"cfg": [float("inf")]},
                                                      "timestamp": now_ms()}])
        else:
            if ends == "blocked":
                messages.append(["execution_error", at | {"exception_type": "ExecutionBlocked", "exception_message": "",
                                                          "timestamp": now_ms()}])
            outputs = self.outputs_of(item, pictures)
            messages.append(["execution_success", at | {"timestamp": now_ms()}])
        status = {"status_str": text, "completed": text == "success", "messages": messages}
        return {"prompt": item, "outputs": outputs, "meta": {}, "late": self.set["history_late"],
                "status": None if self.set["null_status"] else status}

    def outputs_of(self, item, pictures):
        if self.set["cached"] == "empty" or self.set["no_images"]:
            return {}
        outputs = {"0": None} if self.set["null_outputs"] else {}
        for key in item[4]:
            node = item[2][key]
            preview = node["class_type"] == "PreviewImage"
            prefix = node["inputs"].get("filename_prefix", "ComfyUI")
            folder, name = (prefix.rsplit("/", 1) + [""])[:2] if "/" in prefix else ("", prefix)
            if self.set["cached"] == "old":
                folder, name = "dr/an-earlier-attempt", "n9"
            kind, files = "temp" if preview else "output", []
            for number in range(1, self.set["batch"] + 1):
                file = f"{name}_{number:05}_.png"
                place = self.root / kind / folder
                place.mkdir(parents=True, exist_ok=True)
                (place / file).write_bytes((pictures[key] or png(64, 48, 40 * number % 255)) + bytes(self.set["pad"]))
                files.append({"filename": self.set["bad_name"] or file, "subfolder": folder, "type": kind})
            if node["class_type"] == "VHS_VideoCombine":
                outputs[key] = {"gifs": files, "text": ["done"], "animated": [True]}
            else:
                outputs[key] = {"images": files, "ui": None}
        return outputs


def obey(comfy, order):
    with comfy.lock:
        unknown = set(order.get("set", {})) - set(DEFAULTS)
        if unknown or not set(order) <= {"set", "release", "restart", "foreign", "report", "wait", "remove_inputs"}:
            return {"refused": sorted(unknown) or sorted(order)}
        comfy.set |= order.get("set", {})
        comfy.released += order.get("release", 0)
        for n in range(order.get("foreign", 0)):
            comfy.number += 1
            graph = {str(k): {"class_type": "SaveImage", "inputs": {"text": "x" * 1000}} for k in range(20)}
            comfy.pending.append([comfy.number, f"foreign-{n}", graph, {"cfg": float("nan")}, ["0"]])
        comfy.lock.notify_all()
        if order.get("wait") == "running":
            return {"running": comfy.lock.wait_for(lambda: comfy.running, 30) is not None}
        if order.get("wait") == "idle":
            return {"idle": comfy.lock.wait_for(lambda: not comfy.running and not comfy.pending, 30)}
    if order.get("restart"):
        comfy.restart()
    if order.get("remove_inputs"):
        shutil.rmtree(comfy.root / "input")
        (comfy.root / "input").mkdir()
    with comfy.lock:
        return {"posts": comfy.posts, "runs": comfy.runs, "fouls": comfy.fouls, "frees": comfy.frees,
                "interrupted": comfy.interrupted, "pending": len(comfy.pending)}

"""RunPod's own Python client, unmodified, with both contracts of workers that run ComfyUI workflows.

usage: comfy_client.py BASE ENDPOINT KEY
"""
import base64
import os
import sys

os.environ["RUNPOD_ENDPOINT_BASE_URL"] = sys.argv[1]  # the package reads it when it is imported
import runpod  # noqa: E402

runpod.api_key = sys.argv[3]
endpoint = runpod.Endpoint(sys.argv[2])
PNG = b"\x89PNG\r\n\x1a\n"


def graph(prefix):
    return {"1": {"class_type": "LoadImage", "inputs": {"image": "photo.png"}},
            "60": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": prefix}}}


photo = [{"name": "photo.png", "image": "data:image/png;base64," + base64.b64encode(PNG).decode()}]

answer = endpoint.run_sync({"input": {"workflow_api": graph("sdk/a"), "images": photo}}, timeout=60)
assert set(answer) == {"prompt_id", "files", "file_count"}, answer
assert answer["file_count"] == len(answer["files"]) == 1, answer
assert answer["files"][0] == "/runpod-volume/outputs/sdk/a_00001_.png", answer

answer = endpoint.run_sync({"input": {"workflow": graph("ComfyUI"), "images": photo}}, timeout=60)
assert list(answer) == ["images"], list(answer)
(image,) = answer["images"]
assert image["filename"] == "ComfyUI_00001_.png" and image["type"] == "base64", image
assert base64.b64decode(image["data"]).startswith(PNG)

job = endpoint.run({"input": {"workflow": {"1": {"class_type": "NoSuchNode", "inputs": {}}}}})
job.output(timeout=60)
assert job.status() == "FAILED", job.status()

print("all is well, says runpod", runpod.__version__)

"""The WebSocket of the played ComfyUI: events of the prompt that runs, to the client it belongs to, and the ways in which such a
socket misleads. The switch "socket" is one of: events, refused, silent, lies, giant, cut.
"""
import base64
import hashlib
import json
import struct
import time

PERIOD_S = 0.03
LIES_MAX = 200  # per connection


def frame(first, payload):
    if len(payload) < 126:
        return struct.pack(">BB", first, len(payload)) + payload
    return struct.pack(">BBH", first, 126, len(payload)) + payload


def event(kind, **data):
    return frame(0x81, json.dumps({"type": kind, "data": data}).encode())


def shake_hands(handler):
    accept = hashlib.sha1((handler.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    handler.send_response_only(101, "Switching Protocols")
    handler.send_header("Upgrade", "websocket")
    handler.send_header("Connection", "upgrade")
    handler.send_header("Sec-WebSocket-Accept", base64.b64encode(accept).decode())
    handler.end_headers()
    handler.wfile.flush()


def events_of(prompt_id):
    return (event("execution_start", prompt_id=prompt_id, timestamp=1) + event("executing", node="4", prompt_id=prompt_id) +
            event("executing", node="3", prompt_id=prompt_id) +
            event("progress", value=7, max=20, prompt_id=prompt_id, node="3"))


def lies_about(prompt_id):
    """It has ended, well and badly; it is further than there are steps; and what no reader knows."""
    return (event("progress", value=float("nan"), max=-3, prompt_id=prompt_id) + event("progress", value=1e300, max=5, prompt_id=prompt_id) +
            event("progress", value=1, max=2, prompt_id="00000000-0000-4000-8000-000000000000") +
            event("execution_error", exception_type="X", exception_message="boom", prompt_id=prompt_id) +
            event("execution_interrupted", prompt_id=prompt_id) + event("execution_success", prompt_id=prompt_id) +
            event("executing", node=None, prompt_id=prompt_id) + event("of.an.extension", anything=[1, {}]) +
            frame(0x81, b'{"type":"progress","da') + frame(0x81, b"\xff\xfe") + frame(0x82, struct.pack(">II", 4, 0xffffffff) + b"{") +
            frame(0x82, struct.pack(">I", 77)) + frame(0x82, b""))


def serve_socket(handler, comfy, client_id):
    if comfy.set["socket"] == "refused":
        return handler.answer(403, b"")
    handler.close_connection = True
    shake_hands(handler)
    wire, sent = handler.connection, 0
    wire.settimeout(PERIOD_S)
    if comfy.set["socket"] != "silent":
        wire.sendall(event("status", status={"exec_info": {"queue_remaining": 1}}, sid=client_id))
    while True:
        with comfy.lock:
            way = comfy.set["socket"]
            item = comfy.running
            ours = item[1] if item and item[3].get("client_id") == client_id else None
        if ours and way == "events":
            wire.sendall(events_of(ours))
        if ours and way == "lies" and sent < LIES_MAX:
            wire.sendall(lies_about(ours))
            sent += 1
        if ours and way == "giant":
            wire.sendall(b"\x82\x7f" + struct.pack(">Q", 1 << 62) + bytes(1000))
        if ours and way == "cut":
            wire.sendall(events_of(ours)[:-9])
            return None
        if not answer_client(wire):
            return None


def answer_client(wire):
    """Waits a moment for what the client sends, answers its pings and its farewell; False = it is over."""
    try:
        head = wire.recv(2)
        if len(head) < 2:
            return False
        rest = wire.recv(4 + (head[1] & 0x7f))
        payload = bytes(byte ^ rest[i % 4] for i, byte in enumerate(rest[4:]))
    except TimeoutError:
        return True
    except OSError:
        return False
    if head[0] == 0x89:
        wire.sendall(frame(0x8a, payload))
    if head[0] == 0x88:
        wire.sendall(frame(0x88, payload))
    return head[0] != 0x88

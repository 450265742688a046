#!/usr/bin/env python3
"""Runs clang-tidy 14 over our own files, skipping every file that passed before with the same content.

A file's key covers what its verdict can depend on: the compiler command, .clang-tidy, the file, and each of our
headers it includes (as ninja recorded them). Findings are never cached, so they show until they are mended.
"""
import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIDY = "clang-tidy-14"
OURS = ("src", "apps", "tools", "tests", "bench", "fuzz")


def is_ours(path):
    return path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in OURS


def recorded_includes(build):
    """Object file -> the files it was made from. `ninja -t deps` prints "object: #deps ..." and one indented path a line."""
    includes, current = {}, None
    output = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True, check=True)
    for line in output.stdout.splitlines():
        if line.startswith("    "):
            current.append((build / line.strip()).resolve())
        elif ": #deps" in line:
            current = includes.setdefault(line.split(":")[0], [])
    return includes


def key_of(entry, includes, config, digests):
    def digest(path):
        if path not in digests:
            digests[path] = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "gone"
        return digests[path]

    source = pathlib.Path(entry["file"])
    words = shlex.split(entry["command"])
    output = words[words.index("-o") + 1]
    parts = {source, *(path for path in includes.get(output, []) if is_ours(path))}
    text = config + entry["command"] + "".join(f"{path} {digest(path)}\n" for path in sorted(parts))
    return hashlib.sha256(text.encode()).hexdigest()


def commands_for_clang(entries, folder):
    """g++'s precompiled headers mean nothing to clang; every source includes what it needs anyway."""
    readable = []
    for entry in entries:
        words, kept = iter(shlex.split(entry["command"])), []
        for word in words:
            if word == "-include":
                header = next(words)
                if not header.endswith("cmake_pch.hxx"):
                    kept += [word, header]
            elif word not in ("-Winvalid-pch", "-fpch-preprocess"):
                kept.append(word)
        readable.append({**entry, "command": shlex.join(kept)})
    (folder / "compile_commands.json").write_text(json.dumps(readable))


def tidy(commands, source):
    command = [TIDY, "-p", str(commands), "--quiet", str(source)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    return done.returncode == 0, done.stdout + ("" if done.returncode == 0 else done.stderr)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("build", type=pathlib.Path, help="a build folder with everything built")
    arguments.add_argument("--jobs", type=int, default=1)
    options = arguments.parse_args()
    build = options.build.resolve()

    passed_dir = build / "tidy-passed"
    passed_dir.mkdir(exist_ok=True)
    includes = recorded_includes(build)
    version = subprocess.run([TIDY, "--version"], capture_output=True, text=True, check=True).stdout
    config = version + (ROOT / ".clang-tidy").read_text()
    digests, waiting = {}, {}
    entries = json.loads((build / "compile_commands.json").read_text())
    commands_for_clang(entries, passed_dir)
    for entry in entries:
        source = pathlib.Path(entry["file"])
        if is_ours(source):
            key = key_of(entry, includes, config, digests)
            if not (passed_dir / key).exists():
                waiting[source] = key
    print(f"clang-tidy: {len(waiting)} files to look at", flush=True)

    failed = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = {pool.submit(tidy, passed_dir, source): source for source in sorted(waiting)}
        for run in concurrent.futures.as_completed(runs):
            source, (passed, output) = runs[run], run.result()
            if passed:
                (passed_dir / waiting[source]).touch()
            else:
                failed.append(source)
                print(output, flush=True)
    if failed:
        sys.exit("clang-tidy found something in: " + " ".join(str(path.relative_to(ROOT)) for path in sorted(failed)))


if __name__ == "__main__":
    main()

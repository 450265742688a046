#!/usr/bin/env python3
"""How the gateway heard of the ends of remote jobs: reads the demo's table of jobs (the id stands last), asks the gateway for
each, and compares with the endpoint's journal of what really happened.

usage: heard.py GATEWAY_URL ADMIN_KEY_FILE JOURNAL < rows.tsv
"""

import collections
import datetime
import json
import statistics
import sys
import urllib.request


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def remote_ends(journal):
    ends = {}
    with open(journal, encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            if entry["what"] == "end":
                ends[entry["job"]] = moment(entry["at"])
    return ends


def read_job(url, key, job):
    request = urllib.request.Request(f"{url}/api/v1/jobs/{job}", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def main():
    url, key_file, journal = sys.argv[1:]
    with open(key_file, encoding="utf-8") as file:
        key = file.read().strip()
    jobs = [read_job(url, key, line.rstrip("\n").split("\t")[-1]) for line in sys.stdin if line.strip()]
    ends = remote_ends(journal)
    heard = collections.Counter()
    lags, cold, cost = [], 0, 0.0
    for job in jobs:
        attempt = job["attempts"][-1]
        heard[attempt["completed_via"]] += 1
        cost += sum(one.get("cost_usd") or 0 for one in job["attempts"])
        cold += (attempt.get("delay_ms") or 0) >= 1500
        if attempt["remote_id"] in ends and job["finished_at"]:
            lags.append((moment(job["finished_at"]) - ends[attempt["remote_id"]]).total_seconds())
    how = ", ".join(f"{count} by {name}" for name, count in heard.most_common())
    print(f"  {len(jobs)} jobs ended: {how}; {cold} waited 1.5 s or longer for a worker; ${cost:.4f} by the price of the GPU.")
    if lags:
        print(f"  From the remote end to the finished job: median {statistics.median(lags):.1f} s, slowest {max(lags):.1f} s.")


main()

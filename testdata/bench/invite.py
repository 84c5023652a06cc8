"""Invites everyone in a CSV file: the script that people write instead.

    python3 invite.py URL INPUT.csv RESULTS.csv

The standard library only: 16 threads, each with a connection that it keeps,
50 people of one interview per request, links into RESULTS.csv. What it does
not do is remember: run again, it invites everybody again. The benchmark runs
it beside bulkinvite.
"""

import csv
import http.client
import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

CHUNK = 50
THREADS = 16
TRIES = 3

thread = threading.local()


def post(host, body):
    """Sends one request over this thread's connection, a failed one again."""
    headers = {"Content-Type": "application/json", "x-api-key": os.environ["MICRO1_API_KEY"]}
    for attempt in range(TRIES):
        if not hasattr(thread, "conn"):
            thread.conn = http.client.HTTPConnection(host, timeout=40)
        try:
            thread.conn.request("POST", "/interview/invite", body, headers)
            answer = thread.conn.getresponse()
            data = answer.read()
            if answer.status == 200:
                return json.loads(data)["data"]["invitations"]
            error = f"the API answered {answer.status}: {data[:200]}"
        except (OSError, http.client.HTTPException) as e:
            thread.conn.close()
            error = e
        time.sleep(2**attempt)
    raise RuntimeError(error)


def main():
    url, source, target = sys.argv[1:]
    host = urlsplit(url).netloc

    with open(source, newline="", encoding="utf-8") as f:
        reader = csv.reader(f)
        header = next(reader)
        name, email, interview = (header.index(h) for h in ("Name", "E-mail", "Interview ID"))
        groups = {}
        for row in reader:
            groups.setdefault(row[interview], []).append(row)
    chunks = [rows[i : i + CHUNK] for rows in groups.values() for i in range(0, len(rows), CHUNK)]

    with open(target, "w", newline="", encoding="utf-8") as f, ThreadPoolExecutor(THREADS) as pool:
        writer = csv.writer(f)
        writer.writerow(header + ["candidate_id", "invite_url"])
        lock = threading.Lock()

        def invite(rows):
            """Invites the people in some rows and returns how many it could not."""
            people = [{"name": row[name], "email": row[email]} for row in rows]
            body = json.dumps({"interview_id": rows[0][interview], "candidates": people}).encode()
            links = {i["candidate_email"].lower(): [i["candidate_id"], i["invite_url"]] for i in post(host, body)}
            done = [row + links[row[email].lower()] for row in rows if row[email].lower() in links]
            with lock:
                writer.writerows(done)
            return len(rows) - len(done)

        missing = sum(pool.map(invite, chunks))
    if missing:
        sys.exit(f"{missing} people were not invited")


if __name__ == "__main__":
    main()

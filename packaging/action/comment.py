#!/usr/bin/env python3
"""Writes a pull request's comment, or updates the one that an earlier run wrote.

    comment.py KEY FILE        with TOKEN, GITHUB_API_URL, GITHUB_REPOSITORY and GITHUB_EVENT_PATH as GitHub sets them

The comment is recognised by an invisible line with the key. Comments of other authors with that line are left alone: they
cannot be updated with this token, and a new one is written.
"""
import json
import os
import sys
import urllib.error
import urllib.request

# GitHub's limit is 65,536 characters.
LIMIT = 60_000


def request(method: str, path: str, body=None):
    url = os.environ.get("GITHUB_API_URL", "https://api.github.com") + path
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": "Bearer " + os.environ["TOKEN"], "Accept": "application/vnd.github+json", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=30) as response:
        return json.load(response)


def main() -> None:
    key, file = sys.argv[1:]
    event = json.load(open(os.environ["GITHUB_EVENT_PATH"], encoding="utf-8"))
    number = event.get("pull_request", {}).get("number")
    if number is None:
        print("::notice::no comment is written: this run is not for a pull request")
        return
    mark = f"<!-- {key.strip()} -->"
    text = open(file, encoding="utf-8").read()
    if len(text) > LIMIT:
        text = text[:LIMIT].rsplit("\n", 1)[0] + "\n\nThe rest is in the summary of the job."
    body = {"body": f"{mark}\n{text}"}
    comments = f"/repos/{os.environ['GITHUB_REPOSITORY']}/issues/{number}/comments"
    for page in range(1, 101):
        found = request("GET", f"{comments}?per_page=100&page={page}")
        for comment in found:
            if comment["body"].startswith(mark):
                try:
                    request("PATCH", f"/repos/{os.environ['GITHUB_REPOSITORY']}/issues/comments/{comment['id']}", body)
                    return
                except urllib.error.HTTPError as error:
                    if error.code not in (403, 404):
                        raise
        if len(found) < 100:
            break
    request("POST", comments, body)


try:
    main()
except urllib.error.HTTPError as error:
    print(f"::error::the comment cannot be written: {error} (the job needs `permissions: pull-requests: write`)")
    sys.exit(2)

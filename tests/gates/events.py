"""The payloads of events that the Action is tried with.

Their shape is that of GitHub's documentation ("Webhook events and payloads", "Events that trigger workflows"), as far
as a workflow that checks out and compares may read them. What is a commit of a test's own repository is `<name>`.
"""

from __future__ import annotations

import json
from typing import Any

ZEROS = "0" * 40


def repository(full_name: str = "octo-org/models", *, fork: bool = False) -> dict[str, object]:
    owner, _, name = full_name.partition("/")
    return {
        "id": 1296269,
        "name": name,
        "full_name": full_name,
        "private": False,
        "owner": {"login": owner, "type": "Organization"},
        "html_url": f"https://github.com/{full_name}",
        "fork": fork,
        "default_branch": "main",
    }


SENDER = {"login": "octocat", "id": 1, "type": "User"}
AROUND = {"repository": repository(), "sender": SENDER}


def commit(name: str) -> dict[str, object]:
    return {
        "id": name,
        "tree_id": "<tree>",
        "distinct": True,
        "message": "work",
        "timestamp": "2026-11-21T08:55:02Z",
        "author": {"name": "Mona", "email": "mona@example.org"},
        "added": [],
        "removed": [],
        "modified": ["models/new/model-artifact.yaml"],
    }


def push(ref: str, before: str, *, commits: int, created: bool = False, forced: bool = False) -> dict[str, object]:
    return {
        "ref": ref,
        "before": before,
        "after": "<head>",
        "created": created,
        "deleted": False,
        "forced": forced,
        "base_ref": None,
        "compare": "https://github.com/octo-org/models/compare/main",
        "commits": [commit("<head>") for _ in range(commits)],
        "head_commit": commit("<head>"),
        "pusher": {"name": "octocat", "email": "octocat@example.org"},
        **AROUND,
    }


def pull_request(head: dict[str, object] | None) -> dict[str, object]:
    return {
        "action": "synchronize",
        "number": 7,
        "before": "<before>",
        "after": "<head>",
        "pull_request": {
            "number": 7,
            "state": "open",
            "draft": False,
            "merged": False,
            "mergeable": None,
            "merge_commit_sha": "<old merge>",
            "head": {"label": "octocat:feature", "ref": "feature", "sha": "<head>", "user": SENDER, "repo": head},
            "base": {"label": "octo-org:main", "ref": "main", "sha": "<base>", "repo": repository()},
            "commits": 3,
            "changed_files": 3,
        },
        **AROUND,
    }


PAYLOADS: dict[str, dict[str, object]] = {
    "push": push("refs/heads/main", "<before>", commits=3),
    "push_forced": push("refs/heads/feature", "<before>", commits=1, forced=True),
    "push_new_branch": push("refs/heads/feature", ZEROS, commits=3, created=True),
    "push_first": push("refs/heads/main", ZEROS, commits=0, created=True),
    "push_tag": push("refs/tags/v1.0.0", ZEROS, commits=0, created=True),
    "pull_request": pull_request(repository()),
    "pull_request_fork": pull_request(repository("octocat/models", fork=True)),
    "pull_request_deleted_fork": pull_request(None),
    "merge_group": {
        "action": "checks_requested",
        "merge_group": {
            "head_sha": "<head>",
            "head_ref": "refs/heads/gh-readonly-queue/main/pr-7-0123456789abcdef0123456789abcdef01234567",
            "base_sha": "<base>",
            "base_ref": "refs/heads/main",
            "head_commit": commit("<head>"),
        },
        **AROUND,
    },
    "schedule": {"schedule": "30 5 * * 1,3", "workflow": ".github/workflows/models.yml", **AROUND},
    "workflow_dispatch": {
        "inputs": {},
        "ref": "refs/heads/main",
        "workflow": ".github/workflows/models.yml",
        **AROUND,
    },
    "release": {
        "action": "published",
        "release": {"tag_name": "v1.0.0", "target_commitish": "main", "draft": False, "prerelease": False},
        **AROUND,
    },
}


def payload(event: str, **commits: str) -> dict[str, Any]:
    """The payload of an event, with the commits of a repository in it."""
    text = json.dumps(PAYLOADS[event])
    for name, commit_id in commits.items():
        text = text.replace(f"<{name}>", commit_id)
    filled: dict[str, Any] = json.loads(text)
    return filled

"""A program that speaks the line protocol, well or badly: `speaker.py MANNER`."""

import json
import os
import subprocess
import sys
import time

MANNER = sys.argv[1]


def say(**message):
    print(json.dumps(message), flush=True)


def hear():
    line = sys.stdin.readline()
    return json.loads(line) if line else sys.exit(0)


def report(task):
    return {"outcomes": {intent["id"]: {"status": "refused"} for intent in task["intents"]}, "orders": []}


if MANNER == "mute":
    time.sleep(600)
init = hear()
if MANNER == "dies-at-once":
    sys.exit("cannot find my settings")
if MANNER == "greets-wrongly":
    print("Hello! This is agent 1.0", flush=True)
    time.sleep(600)
say(type="ready", id=init["id"], name="speaker")
execute = hear()
task = execute["task"]
if MANNER == "good":
    print("a line of log", file=sys.stderr, flush=True)
    say(type="publish", view="Alert", data={"text": "<b>\u001b[31mhello"})
    say(type="store", id=7, key="n", value=execute["store"].get("n", 0) + 1)
    assert hear() == {"type": "stored", "id": 7, "key": "n"}
    say(type="report", id=execute["id"], report=report(task))
    assert hear()["type"] == "shutdown"
elif MANNER == "stubborn":
    say(type="report", id=execute["id"], report=report(task))
    while True:
        time.sleep(600)
elif MANNER == "dies":
    print("Traceback: everything is lost", file=sys.stderr, flush=True)
    sys.exit(3)
elif MANNER == "kills-itself":
    os.kill(os.getpid(), 9)
elif MANNER == "rubbish":
    print("INFO starting up", flush=True)
    time.sleep(600)
elif MANNER == "floods":
    while True:
        say(type="publish", data={"n": 1})
elif MANNER == "one-long-line":
    while True:
        sys.stdout.write("x" * 65536)
elif MANNER == "chatters":
    while True:
        sys.stderr.write("x" * 65536)
elif MANNER == "silent":
    time.sleep(600)
elif MANNER == "hides-in-a-child":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    say(type="publish", data={"child": child.pid})
    sys.exit(0)
elif MANNER == "family":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    say(type="publish", data={"child": child.pid})
    time.sleep(600)
elif MANNER == "wrong-report":
    say(type="report", id=execute["id"], report={"outcomes": {}, "orders": "none"})
elif MANNER == "no-newline":
    sys.stdout.write(json.dumps({"type": "report", "id": 2, "report": report(task)}))
    sys.stdout.flush()

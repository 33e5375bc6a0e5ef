#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants the bugs of tests/simulation/planted/*.patch into a copy of core/delivery, one at a time, and fails when the
simulation does not find one of them, or when a patch no longer applies.

Each patch is `git apply`ed to a copy; only the files that it changes are compiled anew, and linked before the room's own
library, so that a bug costs seconds. A patch says in its first line what is wrong, and may say which scenario shows it:
"scenario: NAME" (else: everything).

usage: planted.py --source DIR --build DIR --compiler CXX [--seeds N] [--jobs J] [NAME...]
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time


def run(words, **options):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)


def attempt(patch, options):
    """Returns (is_found, sentence)."""
    began = time.monotonic()
    copy = options.build / "planted" / patch.stem
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(options.source / "core" / "delivery", copy / "core" / "delivery")
    # The copy lies inside the repository; git must not take it for a part of it.
    environment = dict(os.environ, GIT_CEILING_DIRECTORIES=str(copy.parent))
    applied = run(["git", "apply", "--whitespace=nowarn", str(patch)], cwd=copy, env=environment)
    if applied.returncode != 0:
        return False, "the patch does not apply any more: " + applied.stdout.strip()
    text = patch.read_text(encoding="utf-8")
    changed = re.findall(r"^\+\+\+ b/core/(delivery/\S+\.cpp)$", text, re.M)
    if not changed or re.search(r"^\+\+\+ b/\S+\.hpp$", text, re.M):
        return False, "a planted bug changes .cpp files of core/delivery and nothing else"
    objects = []
    for name in changed:
        objects.append(str(copy / (pathlib.Path(name).stem + ".o")))
        compiled = run([*options.compiler.split(), "-std=c++20", "-O1", "-fPIC", "-DBELLHOP_CRASH_POINTS=1", "-I" + str(copy / "core"),
                        "-I" + str(options.source / "core"), "-I" + str(options.source / "sdk" / "include"), "-c",
                        str(copy / "core" / name), "-o", objects[-1]])
        if compiled.returncode != 0:
            return False, "it does not compile: " + compiled.stdout.strip()[-2000:]
    program = copy / "bellhop-simulate"
    linked = run([*options.compiler.split(), *objects, *options.objects, "-o", str(program), *options.libraries])
    if linked.returncode != 0:
        return False, "it does not link: " + linked.stdout.strip()[-2000:]
    scenario = re.search(r"^scenario: (\S+)$", text, re.M)
    lived = run([str(program), "--seeds", str(options.seeds), "--scenario", scenario.group(1) if scenario else "everything"])
    seconds = time.monotonic() - began
    if lived.returncode == 0:
        return False, f"{options.seeds} seeds have not found it ({seconds:.1f} s)"
    found = re.findall(r"^seed \d+: .*$|internal check failed.*$|^terminate called .*$", lived.stdout, re.M)
    if not found:
        return False, "the simulation ended without a sentence: " + lived.stdout.strip()[-500:]
    return True, f"{found[-1]} ({seconds:.1f} s)"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--compiler", default="c++")
    parser.add_argument("--objects", default="", help="of the program, separated by commas")
    parser.add_argument("--libraries", default="", help="in the order of linking, separated by commas")
    parser.add_argument("--seeds", type=int, default=3000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    options.objects = [word for word in re.split("[,;]", options.objects) if word]
    options.libraries = [word for word in re.split("[,;]", options.libraries) if word]
    patches = sorted((options.source / "tests" / "simulation" / "planted").glob("*.patch"))
    patches = [patch for patch in patches if not options.names or patch.stem in options.names]
    missed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for patch, (is_found, sentence) in zip(patches, pool.map(lambda each: attempt(each, options), patches)):
            missed += not is_found
            print(f"{'found ' if is_found else 'MISSED'}  {patch.stem}: {sentence}", flush=True)
    print(f"{len(patches) - missed} of {len(patches)} planted bugs found")
    sys.exit(1 if missed or not patches else 0)


if __name__ == "__main__":
    main()

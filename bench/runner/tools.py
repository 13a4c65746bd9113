"""Where everything comes from: glyphctl, the generator and its files, DuckDB.

In: the folder in which to keep things. Out: paths. What is there already is used again. Not here: any measurement.
"""

import functools
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

BENCH = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = BENCH.parent
MITMPROXY = "11.0.2"


class Tools:
    """Programs and files, made when they are first asked for."""

    def __init__(self, cache, glyphctl, duckdb, glyphd=None):
        self.cache = cache
        self.duckdb_version = duckdb
        self._glyphd = glyphd
        cache.mkdir(parents=True, exist_ok=True)
        self.glyphctl = glyphctl or self._build_glyphctl()
        # Another generator makes other files.
        sources = b"".join(path.read_bytes() for path in sorted(BENCH.glob("src/**/*.rs")))
        self.generation = hashlib.sha256(sources).hexdigest()[:8]

    def spans(self, count, form="glyph"):
        """A file with so many spans."""
        path = self.cache / f"spans-{count}-{self.generation}.{form}.json"
        if not path.exists():
            say(f"writing {count:,} spans as {form}")
            unfinished = path.with_suffix(".part")
            subprocess.run([*self.generate(count, form), "--out", unfinished], check=True)
            unfinished.rename(path)
        return path

    def generate(self, count, form="glyph"):
        """The command that writes so many spans to its standard output."""
        return [self.generator, "--spans", str(count), "--format", form]

    def jq(self):
        """jq, if it is installed."""
        return shutil.which("jq")

    def prometheus(self):
        """What Prometheus calls itself, if it and promtool are installed."""
        if shutil.which("promtool") and (found := shutil.which("prometheus")):
            said = subprocess.run([found, "--version"], check=True, capture_output=True, text=True).stdout
            return f"Prometheus {said.split()[2].rstrip(',')}"
        return None

    def version(self):
        """What glyphctl calls itself."""
        return subprocess.run([self.glyphctl, "--version"], check=True, capture_output=True, text=True).stdout.strip()

    def _build_glyphctl(self):
        say("building glyphctl")
        subprocess.run(["cargo", "build", "--release", "--quiet", "-p", "glyphctl"], cwd=REPOSITORY, check=True)
        return self._target() / "glyphctl"

    @staticmethod
    def _target():
        return REPOSITORY / os.environ.get("CARGO_TARGET_DIR", "target") / "release"

    @functools.cached_property
    def generator(self):
        """The generator, built."""
        target = self.cache / "target"
        command = ["cargo", "build", "--release", "--quiet", "--manifest-path", BENCH / "Cargo.toml"]
        subprocess.run([*command, "--target-dir", target], check=True)
        return target / "release" / "span-gen"

    def _member(self, name, *beside):
        """A program of the workspace, with the features that its dependencies have for the programs beside it."""
        say(f"building {' and '.join([name, *beside[1:]])}")
        packages = [word for package in [*beside, name] for word in ("-p", package)]
        subprocess.run(["cargo", "build", "--release", "--quiet", *packages], cwd=REPOSITORY, check=True)
        return self._target() / name

    @functools.cached_property
    def queries(self):
        """The program that answers PromQL from memory, built as glyphctl is."""
        return self._member("promql-bench", "glyphctl")

    @functools.cached_property
    def plugin_bench(self):
        """The program that measures plugins, and the daemon, built as users build it."""
        return self._member("plugin-bench", "glyphctl", "glyphd")

    @functools.cached_property
    def sanitize_bench(self):
        """The program that measures the sanitizer, built as users build the daemon."""
        return self._member("sanitize-bench", "glyphctl", "glyphd")

    @functools.cached_property
    def diff_bench(self):
        """The program that compares made-up traces, built as glyphctl is."""
        return self._member("diff-bench", "glyphctl")

    @property
    def glyphd(self):
        """The daemon that was given, or built with plugin-bench."""
        return self._glyphd or self.plugin_bench.with_name("glyphd")

    @functools.cache
    def glyphd_takes(self, *options):
        """Whether the daemon knows these options."""
        text = subprocess.run([self.glyphd, "--help"], check=True, capture_output=True, text=True).stdout
        return all(f"{option} <" in text for option in options)

    @functools.cached_property
    def capture_bench(self):
        """Origins, load and other proxies. Not a member of the workspace: what it needs is its own affair."""
        say("building capture-bench")
        target = self.cache / "target"
        command = ["cargo", "build", "--release", "--quiet", "--locked", "--target-dir", target]
        subprocess.run([*command, "--manifest-path", BENCH / "capture/Cargo.toml"], check=True)
        return target / "release" / "capture-bench"

    @functools.cached_property
    def nginx(self):
        """nginx, if it is installed."""
        return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

    @functools.cached_property
    def mitmdump_if_any(self):
        """mitmproxy without a face, if there is one."""
        return os.environ.get("GLYPH_MITMDUMP") or shutil.which("mitmdump")

    @functools.cached_property
    def python(self):
        """A Python that has DuckDB."""
        return self._venv("duckdb", self.duckdb_version) / "python"

    @functools.cached_property
    def mitmdump(self):
        """mitmproxy without a face."""
        return self._venv("mitmproxy", MITMPROXY) / "mitmdump"

    def _venv(self, package, version):
        """The programs of an environment of its own for a package of PyPI."""
        folder = self.cache / f"{package}-{version}"
        programs = folder / "bin"
        if not (folder / "installed").exists():
            say(f"installing {package} {version}")
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            install = [programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*install, f"{package}=={version}"], check=True)
            (folder / "installed").touch()
        return programs


def say(what):
    """Tells what goes on, beside the results."""
    print(f"… {what}", file=sys.stderr, flush=True)

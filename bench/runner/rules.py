"""Rules and their tests, like those of a mixin: so many applications, each with ten rules and with tests of its own.

In: a folder to keep them in, how many applications and tests. Out: the path of a test file that passes; the same bytes each time.
Not here: who runs it.
"""

import hashlib
import pathlib

INSTANCES = 8
CODES = ["200", "404", "500"]
BOUNDS = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"]
# Of a bucket, in each minute: nearly all requests take less than 0.25 s, or, where it is slow, more than 2.5 s.
FAST = [5, 10, 20, 40, 60, 80, 98, 100, 100, 100, 100, 100]
SLOW = [5, 10, 20, 40, 60, 70, 75, 80, 85, 100, 100, 100]
MINUTES = 60

RULES = """\
  - name: {app}
    rules:
      - record: job_code:{app}_requests:rate5m
        expr: sum by (job, code) (rate({app}_requests_total[5m]))
      - record: job:{app}_errors:ratio_rate5m
        expr: |
          sum by (job) (job_code:{app}_requests:rate5m{{code=~"5.."}})
            / sum by (job) (job_code:{app}_requests:rate5m)
      - record: job_le:{app}_latency_seconds_bucket:rate5m
        expr: sum by (job, le) (rate({app}_latency_seconds_bucket[5m]))
      - record: job:{app}_latency_seconds:p99
        expr: histogram_quantile(0.99, job_le:{app}_latency_seconds_bucket:rate5m)
      - alert: {App}ErrorRatioHigh
        expr: job:{app}_errors:ratio_rate5m > 0.05
        for: 5m
        labels: {{severity: critical}}
        annotations: {{summary: "{{{{ $labels.job }}}} fails: {{{{ $value | humanizePercentage }}}} of requests."}}
      - alert: {App}Slow
        expr: job:{app}_latency_seconds:p99 > 1
        for: 10m
        labels: {{severity: warning}}
        annotations: {{summary: "{{{{ $labels.job }}}} is slow."}}
      - alert: {App}QueueFull
        expr: avg_over_time({app}_queue_length[10m]) / {app}_queue_capacity > 0.8
        for: 5m
        labels: {{severity: warning}}
        annotations: {{summary: "The queue of {{{{ $labels.instance }}}} runs full."}}
      - alert: {App}QueueWillBeFull
        expr: predict_linear({app}_queue_length[30m], 4 * 3600) > {app}_queue_capacity * 100
        for: 15m
        labels: {{severity: warning}}
      - alert: {App}Down
        expr: up{{job="{app}"}} == 0
        for: 3m
        labels: {{severity: critical}}
        annotations: {{summary: "{{{{ $labels.instance }}}} of {{{{ $labels.job }}}} is down."}}
      - alert: {App}Absent
        expr: absent(up{{job="{app}"}})
        for: 2h
        labels: {{severity: critical}}
"""


def rule_tests(folder, apps, tests):
    """A test file of so many tests over the rules of so many applications."""
    # Another generator makes other files.
    generation = hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()[:8]
    home = folder / f"rules-{apps}-{tests}-{generation}"
    path = home / "tests.yaml"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        rules = "groups:\n" + "".join(RULES.format(app=f"app{i}", App=f"App{i}") for i in range(apps))
        (home / "rules.yaml").write_text(rules, encoding="ascii")
        lines = ["rule_files: [rules.yaml]", "evaluation_interval: 1m", "tests:"]
        for i in range(tests):
            lines += test(i, f"app{i % apps}", f"App{i % apps}")
        unfinished = path.with_suffix(".part")
        unfinished.write_text("\n".join(lines) + "\n", encoding="ascii")
        unfinished.rename(path)
    return path


def series_of(tests):
    """How many series so many tests have."""
    return tests * INSTANCES * (len(CODES) + len(BOUNDS) + 3)


def test(i, app, name):
    """Of every two one is well, and one is not: it fails, is slow, runs full, and an instance is down."""
    well = i % 2 == 0
    yield f"  - name: {app} {'is well' if well else 'is not well'} ({i})"
    yield "    interval: 1m"
    yield "    input_series:"
    for instance in range(INSTANCES):
        labels = f'job="{app}",instance="i{instance}"'
        for code, pace in zip(CODES, [90, 9, 1 if well else 20]):
            yield series(f'{app}_requests_total{{{labels},code="{code}"}}', f"0+{pace}x{MINUTES}")
        for le, pace in zip(BOUNDS, FAST if well else SLOW):
            yield series(f'{app}_latency_seconds_bucket{{{labels},le="{le}"}}', f"0+{pace}x{MINUTES}")
        yield series(f"{app}_queue_length{{{labels}}}", f"{5 if well else 9}x{MINUTES}")
        yield series(f"{app}_queue_capacity{{{labels}}}", f"10x{MINUTES}")
        yield series(f"up{{{labels}}}", f"1x{MINUTES}" if well or instance else f"0x{MINUTES}")
    yield "    alert_rule_test:"
    for minute in [1, 20, MINUTES]:
        for alert in ["ErrorRatioHigh", "Slow", "QueueFull", "QueueWillBeFull", "Down", "Absent"]:
            yield f"      - eval_time: {minute}m"
            yield f"        alertname: {name}{alert}"
            if not well and minute >= 20:
                yield from expected(app, alert)


def series(name, values):
    return f"      - {{series: '{name}', values: '{values}'}}"


def expected(app, alert):
    told = {
        "ErrorRatioHigh": [("critical", "", f"{app} fails: 16.81% of requests.")],
        "Slow": [("warning", "", f"{app} is slow.")],
        "QueueFull": [
            ("warning", f", instance: i{i}", f"The queue of i{i} runs full.") for i in range(INSTANCES)
        ],
        "Down": [("critical", ", instance: i0", f"i0 of {app} is down.")],
    }
    if alert in told:
        yield "        exp_alerts:"
    for severity, instance, summary in told.get(alert, []):
        yield f"          - exp_labels: {{severity: {severity}, job: {app}{instance}}}"
        yield f"            exp_annotations: {{summary: '{summary}'}}"

"""The table on the screen, the document, and its plots."""

import os
import platform
import shutil
import statistics
import string
import subprocess
import time

from compare import BY_HAND, CARE, NONE, TITLES
from psql import Psql

HERE = os.path.dirname(os.path.abspath(__file__))
WAYS = (NONE, *BY_HAND, CARE)


def number(x):
    """Two or three digits are all that is meant."""
    if x is None:
        return ""
    if x >= 100:
        return f"{round(x, 3 - len(str(int(x)))):,.0f}"
    if x >= 10:
        return f"{x:.0f}" if x >= 30 else f"{x:.1f}"
    return f"{x:.2f}" if x >= 0.1 else f"{x:.3f}"


def times(x):
    if x is None or x >= 100:
        return number(x)
    return f"{x:.2f}" if x < 10 else f"{x:.0f}"


def value(row, way):
    samples = row.samples.get(way)
    if samples is None:
        return ""
    if samples.too_long:
        return "too long"
    return number(samples.median())


def with_unit(row):
    """careaccess's value as it is written in a sentence."""
    return value(row, CARE) + ("" if row.samples[CARE].too_long else f" {row.unit}")


def verdict(row):
    return {True: "yes", False: "no", None: ""}[row.met]


def print_heading():
    print(f"\n{'':66} {'none':>9} {'by hand':>9} {'careaccess':>10}  {'÷ none':>6} {'÷ hand':>6}  target")


def print_row(row):
    unit = "" if row.unit == "ms" else f" [{row.unit}]"
    target = f"{row.target}: {verdict(row)}" if row.target else ""
    print(f"{row.title + unit:66} {value(row, NONE):>9} {value(row, row.best):>9} {value(row, CARE):>10}  "
          f"{times(row.of_none):>6} {times(row.of_best):>6}  {target}", flush=True)
    if row.note:
        print(f"    {row.note}", flush=True)


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "|".join("---" if i == 0 else "--:" for i in range(len(header))) + "|"]
    return "\n".join(lines + ["| " + " | ".join(r) + " |" for r in rows])


def results(rows):
    lines = []
    for row in rows:
        best = f"{value(row, row.best)} (`{TITLES[row.best]}`)" if row.best else ""
        measured = f"**{value(row, CARE) if row.unit == 'ms' else with_unit(row)}**"
        lines.append([row.title, value(row, NONE), best, measured, times(row.of_none), times(row.of_best),
                      row.target, verdict(row)])
    return table(["what", "no row security", "best by hand", "careaccess", "÷ none", "÷ best", "target", "met"], lines)


def all_ways(rows):
    return table(["", *(TITLES[w] for w in WAYS)],
                 [[row.title, *(value(row, w) for w in WAYS)] for row in rows if len(row.samples) == len(WAYS)])


def lost(rows):
    """Where careaccess misses its target."""
    lines = []
    for row in rows:
        if row.met is not False:
            continue
        text = f"- **{row.title}**: {with_unit(row)}"
        if row.of_best and "best" in row.target:
            text += f", {times(row.of_best)} × the best hand-written policy (`{TITLES[row.best]}`)"
        elif row.of_none:
            text += f", {times(row.of_none)} × no row security"
        lines.append(text + f"; the target is {row.target}." + (f" ({row.note[0].upper() + row.note[1:]}.)" if row.note else ""))
    return "\n".join(lines) or "Nowhere in this run."


def spread(rows):
    """How noisy the run was, in words."""
    all_spreads = sorted(s for row in rows for x in row.samples.values() if (s := x.spread()) is not None)
    if not all_spreads:
        return "Too few rounds to say how noisy the run was."
    middle = statistics.median(all_spreads)
    ninth = all_spreads[int(len(all_spreads) * 0.9)]
    return (f"In this run the quartiles of a measurement's rounds lay {middle:.0%} of its median apart in the middle "
            f"case, and more than {ninth:.0%} in one case of ten.")


def machine():
    cpu, memory = platform.machine(), ""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            cpu = next((line.split(":")[1].strip() for line in f if line.startswith("model name")), cpu)
        with open("/proc/meminfo", encoding="utf-8") as f:
            memory = f", {int(f.readline().split()[1]) / 2**20:.0f} GB of memory"
    except OSError:
        pass
    try:
        system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except (OSError, AttributeError):
        system = platform.system()
    return f"{os.cpu_count()} × {cpu}{memory}, {system}"


def notes(rows):
    return "\n".join(f"- {row.title}: {row.note}." for row in rows if row.note)


def write(path, rows, bench, settings, minutes):
    folder = path.removesuffix(".md")
    os.makedirs(folder, exist_ok=True)
    plots = plot(folder, rows)
    with Psql() as session:
        server = session.value("SHOW server_version")
        size = session.value("SELECT pg_size_pretty(pg_total_relation_size('care.note'))")
        version = session.value("SELECT extversion FROM pg_extension WHERE extname = 'careaccess'")
    with open(os.path.join(HERE, "performance.md"), encoding="utf-8") as f:
        text = string.Template(f.read())
    name = os.path.basename(folder)
    show = {chart: f"![{title}]({name}/{chart}.svg)" if chart in plots else "" for chart, title in TITLE_OF.items()}
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.substitute(
            results=results(rows), ways=all_ways(rows), lost=lost(rows), notes=notes(rows), spread=spread(rows),
            machine=machine(), server=server, version=version, size=size, rows=f"{bench.rows:,}",
            clients=f"{bench.clients:,}", repeat=bench.repeat, minutes=f"{minutes:.0f}",
            date=time.strftime("%Y-%m-%d"), settings=", ".join(f"`{k} = {v}`" for k, v in settings.items()),
            **{"plot_" + k: v for k, v in show.items()}))


# Plots, by gnuplot

TITLE_OF = {
    "count": "count(*) of the notes: milliseconds, logarithmic; no bar: stopped after 20 s",
    "newest": "the newest 20 notes: milliseconds, logarithmic; no bar: stopped after 20 s",
    "scale": "the newest 20 notes of a practice, by the size of the database: milliseconds",
}
COLOURS = ["#9aa0a6", "#e8b04a", "#d98c5f", "#c9a3c9", "#8fb58f", "#7ba7d0", "#1f3b73"]


def plot(folder, rows):
    """Make the plots; return the names of those that could be made."""
    if not shutil.which("gnuplot"):
        print("gnuplot is not here (Debian package gnuplot-nox): no plots")
        return []
    made = []
    for chart, title in TITLE_OF.items():
        chosen = [row for row in rows if getattr(row, "chart", ("",))[0] == chart]
        if not chosen:
            continue
        text = lines_chart(chosen) if chart == "scale" else bars_chart(chosen)
        out = os.path.join(folder, chart + ".svg")
        done = subprocess.run(["gnuplot"], input=HEAD.format(out=out, title=title) + text, text=True,
                              capture_output=True, check=False)
        if done.returncode:
            print("gnuplot: " + done.stderr.strip())
            continue
        made.append(chart)
    return made


HEAD = """set terminal svg size 760,400 font "sans-serif,12" background "#ffffff"
set output "{out}"
set title "{title}"
set border 3 lc rgb "#555555"
set tics nomirror
set grid ytics lc rgb "#dddddd"
"""


def block(lines):
    return "$data << END\n" + "\n".join(lines) + "\nEND\n"


def bars_chart(rows):
    lines = []
    for row in rows:
        cells = []
        for way in WAYS:
            s = row.samples[way]
            cells.append(f"{s.median():.4f}" if s.rounds else "NaN")
        label = row.chart[1].replace(", old", "\\nold")
        lines.append(f'"{label}" ' + " ".join(cells))
    series = ", ".join(f'$data using {i + 2}:xtic(1) title "{TITLES[w]}" lc rgb "{COLOURS[i]}"' for i, w in enumerate(WAYS))
    return block(lines) + ("set style data histograms\nset style histogram clustered gap 1.5\n"
                           "set style fill solid 1.0 noborder\nset boxwidth 0.9\nset logscale y\nset format y '%g'\n"
                           f"set xrange [-0.6:{len(rows) - 0.4}]\nset tics scale 0\nset bmargin 7\n"
                           f"set key bottom center outside horizontal\nset ylabel 'ms'\nplot {series}\n")


def lines_chart(rows):
    lines = [f"{row.chart[1]} " + " ".join(f"{row.samples[w].median():.4f}" for w in (NONE, CARE)) for row in rows]
    ticks = ", ".join(f'"{row.chart[1]:,} clients\\n{row.chart[1] // 100:,} practices" {row.chart[1]}' for row in rows)
    first, last = rows[0].chart[1], rows[-1].chart[1]
    return block(lines) + (f"set logscale x\nset xrange [{first * 0.6}:{last * 1.7}]\nset xtics ({ticks})\n"
                           "set yrange [0:*]\nset bmargin 4\nset key top left\nset ylabel 'ms'\n"
                           f'plot $data using 1:2 with linespoints pt 7 lw 2 lc rgb "{COLOURS[0]}" title "{TITLES[NONE]}", '
                           f'$data using 1:3 with linespoints pt 7 lw 2 lc rgb "{COLOURS[-1]}" title "{TITLES[CARE]}"\n')

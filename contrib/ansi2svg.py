#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A screen with colours (flowdrill --ansi) from standard input as SVG to standard output. No dependency."""
import re, sys, unicodedata
from html import escape

CELL_W, CELL_H, FG, BG = 8.4, 18, "#d4d4d4", "#16181d"
BASE = ["#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5", "#666666", "#f14c4c", "#23d18b",
    "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff"]


def color(n):
    if n < 16: return BASE[n]
    if n >= 232: return "#" + "%02x" % (8 + 10 * (n - 232)) * 3
    n -= 16
    return "#" + "".join("%02x" % (0 if v == 0 else 55 + 40 * v) for v in (n // 36, n // 6 % 6, n % 6))


def style(codes):
    fg, bg, flags, codes = FG, BG, set(), [int(c or 0) for c in codes.split(";")]
    while codes:
        c = codes.pop(0)
        if c in (38, 48) and len(codes) >= 2:
            codes.pop(0)
            fg, bg = (color(codes.pop(0)), bg) if c == 38 else (fg, color(codes.pop(0)))
        elif c: flags.add(c)
    return (bg, fg, flags) if 7 in flags else (fg, bg, flags)


def width(c):
    return 0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1


lines, back, text, most = sys.stdin.read().split("\n")[:-1], [], [], 0
for y, line in enumerate(lines):
    x, (fg, bg, flags) = 0, (FG, BG, set())
    for sgr, run in re.findall(r"\x1b\[([0-9;]*)m|([^\x1b]+)", line):
        if not run:
            fg, bg, flags = style(sgr)
            continue
        w = sum(map(width, run))
        if bg != BG:
            back.append(f'<rect x="{x * CELL_W:.1f}" y="{y * CELL_H}" width="{w * CELL_W:.1f}" height="{CELL_H}" fill="{bg}"/>')
        if run.strip():
            extra = ' font-weight="bold"' * (1 in flags) + ' opacity="0.7"' * (2 in flags) + ' text-decoration="underline"' * (4 in flags)
            text.append(f'<text x="{x * CELL_W:.1f}" y="{y * CELL_H + 13}" fill="{fg}" textLength="{w * CELL_W:.1f}"{extra}>{escape(run)}</text>')
        x += w
    most = max(most, x)
print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{most * CELL_W:.0f}" height="{len(lines) * CELL_H}" '
    f'font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="14" xml:space="preserve">')
print(f'<rect width="100%" height="100%" fill="{BG}"/>')
print("\n".join(back + text) + "\n</svg>")

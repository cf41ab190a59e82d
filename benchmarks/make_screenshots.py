"""Make the screenshots and documents of the "must not fool" set: `python -m benchmarks.make_screenshots OUT`.

Every picture is a local HTML page of a template and a variant, drawn by headless Chromium at the size of a phone or a
desktop; documents are then laid on a desk and photographed (perspective, shadow, paper grain) or scanned (a slight
turn, off-white). The words, colours and lights come from a seed made of the template's name and the variant, so the
same Chromium with the same fonts gives the same bytes; another version may differ in pixels, not in kind. Templates
are split, not files: those in TUNE may serve for thresholds and training, the others only for the test.
"""

# ruff: noqa: E501 (HTML reads better unbroken)

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

TUNE = frozenset({"chat", "settings", "code", "map", "ticket", "letter", "invoice", "worksheet"})
SCREENS = {"phone": (360, 800, 3), "iphone": (390, 844, 3), "desktop": (1440, 900, 1)}  # CSS pixels and their scale
PAGE = (794, 1123, 3)  # A4 at 96 CSS pixels an inch, drawn at 288 dots an inch
VARIANTS = 4
CHROMIUM = (
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-lcd-text",
)  # fmt: skip
WORDS = [
    "river",
    "garden",
    "morning",
    "ticket",
    "window",
    "seven",
    "coffee",
    "market",
    "station",
    "paper",
    "yellow",
    "winter",
    "answer",
    "bridge",
    "lesson",
    "doctor",
    "music",
    "travel",
    "picture",
    "kitchen",
    "summer",
    "letter",
    "friend",
    "report",
    "number",
    "weather",
    "city",
    "train",
    "dinner",
    "plan",
    "table",
    "report",
    "hotel",
    "island",
    "forest",
    "meeting",
    "window",
    "Sunday",
    "invoice",
    "colour",
    "phone",
    "engine",
    "budget",
    "recipe",
    "flour",
    "sugar",
    "water",
]
NAMES = ("Ana", "Bo", "Chidi", "Dana", "Elif", "Farid", "Greta", "Hiro", "Ines", "Jonas", "Kira", "Lars")
Draw = Callable[[random.Random, bool], str]


def words(rng: random.Random, low: int, high: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(low, high))).capitalize()


def money(rng: random.Random) -> str:
    return f"{rng.randint(1, 480)}.{rng.randint(0, 99):02d}"


def chat(rng: random.Random, dark: bool) -> str:
    mine = f"hsl({rng.randint(0, 359)} 55% {38 if dark else 82}%)"
    theirs = "#333" if dark else "#e9e9ee"
    bubbles = "".join(
        f"<div style='margin:6px 10px;text-align:{'right' if me else 'left'}'><span style='display:inline-block;"
        f"max-width:74%;padding:8px 12px;border-radius:16px;background:{mine if me else theirs};text-align:left'>"
        f"{words(rng, 2, 22)} <small style='opacity:.6'>{rng.randint(8, 22)}:{rng.randint(10, 59)}</small></span></div>"
        for me in (rng.random() < 0.5 for _ in range(18))
    )
    return f"<h3 style='padding:10px;margin:0'>&larr; {rng.choice(NAMES)}</h3>{bubbles}"


def settings(rng: random.Random, dark: bool) -> str:
    rows = "".join(
        f"<div style='padding:14px 18px;border-bottom:1px solid #8883'><b>{words(rng, 1, 3)}</b>"
        f"<span style='float:right;width:40px;height:22px;border-radius:11px;"
        f"background:{'#2a7' if rng.random() < 0.5 else '#999'}'></span><br><small>{words(rng, 3, 7)}</small></div>"
        for _ in range(14)
    )
    return f"<h2 style='padding:14px 18px;margin:0'>Settings</h2>{rows}"


def code(rng: random.Random, dark: bool) -> str:
    hues = [f"hsl({rng.randint(0, 359)} 60% {70 if dark else 35}%)" for _ in range(4)]
    lines = "".join(
        f"<div><span style='opacity:.4'>{n:3d}  </span>{'&nbsp;' * 4 * rng.randint(0, 3)}"
        + " ".join(
            f"<span style='color:{rng.choice(hues)}'>{rng.choice(WORDS)}{rng.choice(['()', ' =', ':', '.', ','])}</span>"
            for _ in range(rng.randint(1, 7))
        )
        + "</div>"
        for n in range(1, 60)
    )
    return f"<pre style='font:13px/1.45 monospace;padding:10px;margin:0'>{lines}</pre>"


def street_map(rng: random.Random, dark: bool) -> str:
    ground, road, water = ("#222b33", "#47525c", "#14334d") if dark else ("#ecebe4", "#ffffff", "#a5cde8")
    roads = "".join(
        f"<polyline points='{' '.join(f'{x},{y + rng.randint(-25, 25)}' for x in range(-50, 1550, 150))}' fill='none' "
        f"stroke='{road}' stroke-width='{rng.choice([3, 5, 9, 14])}' transform='rotate({rng.choice([0, 4, 88, 93, 30])} 500 450)'/>"
        for y in range(-900, 1500, 60)
    )
    labels = "".join(
        f"<text x='{rng.randint(5, 1300)}' y='{rng.randint(60, 880)}' font-size='13' fill='#888'>{words(rng, 1, 2)}</text>"
        for _ in range(40)
    )
    pins = "".join(
        f"<circle cx='{rng.randint(40, 340)}' cy='{rng.randint(120, 700)}' r='9' fill='#d33'/>" for _ in range(4)
    )
    lake = f"<ellipse cx='{rng.randint(50, 900)}' cy='{rng.randint(200, 700)}' rx='190' ry='90' fill='{water}'/>"
    return (
        f"<svg width='1440' height='900' style='background:{ground}'>{lake}{roads}{labels}{pins}</svg><div style='position:"
        f"absolute;top:12px;left:12px;right:12px;padding:12px;background:{'#333' if dark else '#fff'};border-radius:24px'>"
        f"{words(rng, 1, 3)}</div>"
    )


def ticket(rng: random.Random, dark: bool) -> str:
    squares = "".join(
        f"<rect x='{x * 8}' y='{y * 8}' width='8' height='8'/>"
        for x in range(25)
        for y in range(25)
        if rng.random() < 0.5
    )
    return (
        f"<div style='margin:40px auto;max-width:320px;background:#fff;color:#111;border-radius:18px;padding:22px'>"
        f"<h2>{words(rng, 1, 2)} &rarr; {words(rng, 1, 1)}</h2><p>{rng.choice(NAMES)} · seat {rng.randint(1, 90)} · "
        f"{rng.randint(5, 22)}:{rng.randint(10, 59)}</p><svg width='200' height='200'>{squares}</svg><h3>EUR {money(rng)}</h3>"
        f"<small>{words(rng, 12, 25)}</small></div>"
    )


def recipe(rng: random.Random, dark: bool) -> str:
    hue = rng.randint(10, 140)
    items = "".join(f"<li>{rng.randint(1, 500)} g {rng.choice(WORDS)}</li>" for _ in range(9))
    steps = "".join(f"<li style='margin:8px 0'>{words(rng, 8, 24)}.</li>" for _ in range(7))
    return (
        f"<div style='height:210px;background:radial-gradient(circle at 40% 40%,hsl({hue} 70% 70%),hsl({hue + 30} 60% 30%))'>"
        f"</div><div style='padding:14px'><h1>{words(rng, 2, 4)}</h1><ul>{items}</ul><ol>{steps}</ol></div>"
    )


def spreadsheet(rng: random.Random, dark: bool) -> str:
    rows = "".join(
        "<tr>"
        + "".join(f"<td style='border:1px solid #8886;padding:4px 9px'>{money(rng)}</td>" for _ in range(14))
        + "</tr>"
        for _ in range(44)
    )
    return f"<table style='border-collapse:collapse;font:13px sans-serif'>{rows}</table>"


def calendar(rng: random.Random, dark: bool) -> str:
    cells = "".join(
        f"<div style='border:1px solid #8884;min-height:105px;font-size:11px;padding:3px'>{day}"
        + "".join(
            f"<div style='background:hsl({rng.randint(0, 359)} 60% {35 if dark else 80}%);margin:2px 0;border-radius:3px'>"
            f"{words(rng, 1, 2)}</div>"
            for _ in range(rng.randint(0, 3))
        )
        + "</div>"
        for day in range(1, 36)
    )
    return f"<h2 style='padding:8px'>{rng.choice(['May', 'June', 'July'])}</h2><div style='display:grid;grid-template-columns:repeat(7,1fr)'>{cells}</div>"


def article(rng: random.Random, dark: bool) -> str:
    paragraphs = "".join(f"<p>{words(rng, 35, 70)}.</p>" for _ in range(8))
    return f"<article style='max-width:640px;margin:auto;padding:18px;font:17px/1.5 serif'><h1>{words(rng, 4, 8)}</h1>{paragraphs}</article>"


def meme(rng: random.Random, dark: bool) -> str:
    hue = rng.randint(0, 359)
    shout = "font:900 44px Impact,'DejaVu Sans',sans-serif;color:#fff;-webkit-text-stroke:2px #000;text-align:center;padding:16px"
    return (
        f"<div style='height:100vh;display:flex;flex-direction:column;justify-content:space-between;background:conic-gradient("
        f"hsl({hue} 60% 45%),hsl({hue + 60} 60% 55%),hsl({hue} 60% 45%),hsl({hue + 60} 60% 55%),hsl({hue} 60% 45%))'>"
        f'<div style="{shout}">{words(rng, 3, 6).upper()}</div><div style="{shout}">{words(rng, 3, 6).upper()}</div></div>'
    )


def player(rng: random.Random, dark: bool) -> str:
    hue = rng.randint(0, 359)
    songs = "".join(
        f"<p style='margin:12px 0'>{words(rng, 1, 4)}<span style='float:right'>3:{rng.randint(10, 59)}</span></p>"
        for _ in range(8)
    )
    return (
        f"<div style='padding:22px'><div style='aspect-ratio:1;max-width:330px;margin:auto;border-radius:14px;background:"
        f"linear-gradient({rng.randint(0, 359)}deg,hsl({hue} 70% 40%),hsl({hue + 80} 70% 65%))'></div><h2>{words(rng, 2, 4)}</h2>"
        f"<div style='height:4px;background:#8886'><div style='height:4px;width:{rng.randint(5, 95)}%;background:#3b6'></div></div>{songs}</div>"
    )


def dashboard(rng: random.Random, dark: bool) -> str:
    def chart() -> str:
        bars = "".join(f"<rect x='{x * 14}' y='{150 - h}' width='9' height='{h}' fill='hsl({rng.randint(180, 280)} 60% 55%)'/>"
                       for x, h in enumerate(rng.randint(10, 150) for _ in range(22)))  # fmt: skip
        return f"<div style='padding:14px;margin:8px;border:1px solid #8885;border-radius:8px'><b>{words(rng, 1, 3)}</b><br><svg width='308' height='150'>{bars}</svg></div>"

    return f"<div style='display:flex;flex-wrap:wrap'>{''.join(chart() for _ in range(12))}</div>"


def letter(rng: random.Random, dark: bool) -> str:
    body = "".join(f"<p>{words(rng, 30, 75)}.</p>" for _ in range(6))
    return f"<p style='text-align:right'>{words(rng, 3, 6)}<br>{rng.randint(1, 28)} May 2024</p><p>Dear {rng.choice(NAMES)},</p>{body}<p>{rng.choice(NAMES)}</p>"


def invoice(rng: random.Random, dark: bool) -> str:
    rows = "".join(
        f"<tr><td>{words(rng, 2, 5)}<td>{rng.randint(1, 9)}<td align=right>{money(rng)}</tr>" for _ in range(14)
    )
    return f"<h1>Invoice {rng.randint(1000, 9999)}</h1><p>{words(rng, 6, 12)}</p><table width='100%' cellpadding=7 border=1 style='border-collapse:collapse'>{rows}</table><h2>Total {money(rng)}</h2>"


def worksheet(rng: random.Random, dark: bool) -> str:
    sums = "".join(
        f"<p style='font-size:26px;float:left;width:48%'>{rng.randint(11, 99)} &times; {rng.randint(3, 19)} = ______</p>"
        for _ in range(22)
    )
    return f"<h1>{words(rng, 2, 4)}</h1>{sums}"


def paper(rng: random.Random, dark: bool) -> str:
    body = "".join(f"<p>{words(rng, 50, 110)}.</p>" for _ in range(13))
    return f"<h2 style='text-align:center'>{words(rng, 5, 9)}</h2><div style='columns:2;font:13px/1.3 serif;text-align:justify'>{body}</div>"


def receipt(rng: random.Random, dark: bool) -> str:
    rows = "".join(f"{rng.choice(WORDS).upper():<22}{money(rng):>8}\n" for _ in range(26))
    return f"<pre style='font:27px/1.25 monospace;margin:0'>{words(rng, 1, 2).upper()}\n{'-' * 30}\n{rows}{'-' * 30}\nTOTAL {money(rng):>24}</pre>"


def form(rng: random.Random, dark: bool) -> str:
    rows = "".join(
        f"<p>{words(rng, 1, 4)}: <span style='display:inline-block;border:1px solid #000;width:60%;height:26px;font:italic 21px cursive'> {words(rng, 1, 3) if rng.random() < 0.7 else ''}</span></p>"
        for _ in range(17)
    )
    return f"<h2>Form {rng.randint(10, 99)}-B</h2>{rows}"


def timetable(rng: random.Random, dark: bool) -> str:
    rows = "".join(
        "<tr>"
        + f"<td>{words(rng, 1, 2)}"
        + "".join(f"<td>{rng.randint(5, 23):02d}:{rng.randint(0, 59):02d}" for _ in range(8))
        + "</tr>"
        for _ in range(30)
    )
    return f"<h1>{words(rng, 2, 4)}</h1><table width='100%' border=1 cellpadding=4 style='border-collapse:collapse;font:14px sans-serif'>{rows}</table>"


SHOTS: dict[str, Draw] = {
    "chat": chat, "settings": settings, "code": code, "map": street_map, "ticket": ticket, "recipe": recipe,
    "spreadsheet": spreadsheet, "calendar": calendar, "article": article, "meme": meme, "player": player, "dashboard": dashboard,
}  # fmt: skip
PAPERS: dict[str, Draw] = {
    "letter": letter, "invoice": invoice, "worksheet": worksheet, "paper": paper, "receipt": receipt, "form": form, "timetable": timetable,
}  # fmt: skip


def draw(html: str, size: tuple[int, int, int], target: Path) -> None:
    """Render `html` to the PNG `target`. Raises CalledProcessError where Chromium fails."""
    width, height, scale = size
    with tempfile.TemporaryDirectory() as home:
        page = Path(home) / "page.html"
        page.write_text(html, encoding="utf-8")
        command = [*CHROMIUM, f"--user-data-dir={home}/profile", f"--window-size={width},{height}",
                   f"--force-device-scale-factor={scale}", f"--screenshot={target}", page.as_uri()]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=120)


def warp(page: Image.Image, desk: Image.Image, corners: np.ndarray) -> Image.Image:
    """Lay `page` on `desk` with its corners (4x2: top left, top right, bottom right, bottom left) at `corners`."""
    width, height = page.size
    source = [(0, 0), (width, 0), (width, height), (0, height)]
    rows = []
    for (x, y), (u, v) in zip(corners.tolist(), source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    data = np.linalg.solve(np.array(rows, float), np.array(source, float).ravel()).tolist()
    laid = page.convert("RGBA").transform(desk.size, Image.Transform.PERSPECTIVE, data, Image.Resampling.BICUBIC)
    desk.paste(laid, (0, 0), laid)
    return desk


def photographed(page: Image.Image, seed: int) -> Image.Image:
    """A phone's picture of the page (3024x4032): grainy paper, a turn, a soft shadow across it, a plain desk."""
    rng = np.random.default_rng(seed)
    size = (3024, 4032)
    tone = np.array([rng.uniform(60, 190), rng.uniform(50, 150), rng.uniform(40, 130)])
    grain = np.asarray(
        Image.fromarray((rng.random((80, 12)) * 255).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC), float
    )
    desk = Image.fromarray(np.clip(tone * (0.8 + 0.4 * grain[..., None] / 255), 0, 255).astype(np.uint8))
    centre, half = np.array(size) / 2, np.array([1180.0, 1180.0 * page.height / page.width]) * rng.uniform(0.93, 1.03)
    angle = np.radians(rng.uniform(-7, 7))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half @ turn.T + centre + rng.uniform(-90, 90, (4, 2))
    picture = np.asarray(warp(page, desk, corners), np.float32)
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    slope = (x * np.cos(seed) + y * np.sin(seed)) / 4032
    light = 0.93 - 0.16 / (1 + np.exp(-(slope - slope.mean()) * 9)) + rng.normal(0, 0.008, slope.shape)
    tint = np.array([1.0, rng.uniform(0.96, 1.0), rng.uniform(0.88, 0.98)])
    return Image.fromarray(np.clip(picture * light[..., None] * tint, 0, 255).astype(np.uint8))


def scanned(page: Image.Image, seed: int) -> Image.Image:
    """A flatbed's picture of the page: under a degree of turn, off-white paper with faint grain."""
    rng = np.random.default_rng(seed)
    turned = page.rotate(rng.uniform(-0.8, 0.8), Image.Resampling.BICUBIC, fillcolor=(255, 255, 255))
    noisy = np.asarray(turned, np.float32) * rng.uniform(0.95, 0.99) + rng.normal(
        0, 2.0, (turned.height, turned.width, 1)
    )
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def make(out: Path, kind: str, template: str, variant: int) -> Path:
    """Make one picture below `out`/<tune|test>/<kind>; it is left alone where it exists."""
    seed = zlib.crc32(f"{template}{variant}".encode())
    rng = random.Random(seed)
    split = "tune" if template in TUNE else "test"
    target = (
        out / split / kind / f"{template}-{variant}.{'png' if kind == 'screenshot' and variant % 4 != 3 else 'jpg'}"
    )
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    dark = kind == "screenshot" and variant % 2 == 1
    colours = "background:#15171a;color:#e4e4e4" if dark else "background:#fff;color:#1a1a1a"
    style = f"<style>*{{box-sizing:border-box}}body{{margin:0;{colours};font-family:'DejaVu Sans',sans-serif}}</style>"
    with tempfile.TemporaryDirectory() as folder:
        png = Path(folder) / "page.png"
        if kind == "screenshot":
            draw(style + SHOTS[template](rng, dark), SCREENS[("phone", "iphone", "desktop", "phone")[variant]], png)
            picture = Image.open(png).convert("RGB")
        else:
            margin = "<style>body{padding:60px}</style>"
            size = (560, 1180, 3) if template == "receipt" else PAGE
            draw(style + margin + PAPERS[template](rng, dark), size, png)
            page = Image.open(png).convert("RGB")
            picture = scanned(page, seed) if variant == VARIANTS - 1 else photographed(page, seed)
    picture.save(target, quality=88)  # PNG has no quality and passes it by
    return target


def main() -> None:
    out = Path(sys.argv[1])
    for kind, templates in (("screenshot", SHOTS), ("document", PAPERS)):
        for template in templates:
            for variant in range(VARIANTS):
                print(make(out, kind, template, variant))


if __name__ == "__main__":
    main()

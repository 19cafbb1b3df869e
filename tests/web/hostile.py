"""A company whose every name is an attack: accounts, sellers, sectors, sources, products."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

NAMES = {
    "script": "<script>alert(1)</script>",
    "image": '"><img src=x onerror=alert(1)>',
    "formula": '=HYPERLINK("http://evil")',
    "plus": "+1+1",
    "sum": "@SUM(A1)",
    "minus": "-2+3",
    "long": "x" * 10_000,
    "arabic": "شركة \u202eالمستقبل",
    "hebrew": "\u202eשלום עולם",
    "emoji": "👩‍👩‍👧 été 🇫🇷",
    "nul": "a\x00b",
    "escape": "a\x1b[31mb",
    "not a character": "a\ufffeb\uffffc",
    "quote": "'; DROP TABLE deal;--",
    "template": "{{7*7}}",
    "percent": "%s %d {0} {lang}",
    "query": "a&period=2020#b?c=d",
    "entity": "&lt;b&gt;&amp;&#0;]]>",
    "javascript": "javascript:alert(1)",
    "lines": "a\r\nb\u2028c",
}
EACH = 12


def write(folder: Path) -> None:
    """Its deals, invoices, spend and prospects."""
    deals, invoices, spend, leads = [], [], [], []
    for place, name in enumerate(NAMES.values()):
        for n in range(EACH):
            number = place * EACH + n
            day = dt.date(2025, 1, 5) + dt.timedelta(days=n * 50 + place)
            won = (n + place) % 3 == 0
            deals.append(
                {
                    "source_id": f"d{number}", "name": name, "account": name, "owner": name,
                    "team": name, "sector": name, "source": name, "product": name,
                    "campaign": name, "competitor": name, "region": name, "stage": name,
                    "outcome": "won" if won else "lost",
                    "loss_reason_stated": "" if won else name, "amount": 100 + number,
                    "created_at": day.isoformat(),
                    "closed_at": (day + dt.timedelta(days=20)).isoformat(),
                }
            )  # fmt: skip
            invoices.append(
                {"source_id": f"i{number}", "account": name, "product": name, "owner": name,
                 "amount": 50 + number, "happened_at": day.isoformat()}
            )  # fmt: skip
            leads.append(
                {"source_id": f"l{number}", "company": name, "owner": name, "sector": name,
                 "source": name, "campaign": name, "created_at": day.isoformat()}
            )  # fmt: skip
        spend.append(
            {"source_id": f"s{place}", "campaign": name, "channel": name, "amount": 500,
             "happened_at": f"2025-{place % 12 + 1:02d}-03"}
        )  # fmt: skip
    for name, rows in (("deal", deals), ("invoice", invoices), ("lead", leads), ("spend", spend)):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

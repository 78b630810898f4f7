"""Curves of several runs in one chart: the chart, its legend, and what it says in words."""

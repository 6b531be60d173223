# SPDX-License-Identifier: AGPL-3.0-or-later
"""`python -m tests.bench` (or `make bench`): speed, size and memory as ratios measured in one run. Not collected by pytest."""

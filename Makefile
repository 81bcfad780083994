# Each target is one plain Python line; where there is no make (Windows), type that line.
PYTHON ?= $(shell command -v python3 || command -v python)
COURSE := $(PYTHON) tools/course.py

.PHONY: start test site lint bench proof matrix lock clean

start:  ## the course: site and notebooks, one link
	@$(COURSE) start $(ARGS)
test:   ## every test
	@$(COURSE) test $(ARGS)
site:   ## build the site into site/
	@$(COURSE) site $(ARGS)
lint:   ## ruff and mypy
	@$(COURSE) lint
bench:  ## the numbers, with this machine's calibration
	@$(COURSE) bench $(ARGS)
proof:  ## the long share of the proof; writes docs/proof.md
	@$(COURSE) proof $(ARGS)
matrix: ## the proof of the graders; writes docs/kill-matrix.md
	@$(COURSE) matrix $(ARGS)
lock:   ## choose new versions for locks/*.txt (needs the network)
	@$(COURSE) lock
clean:  ## forget what was built; keeps your answers
	@$(COURSE) clean

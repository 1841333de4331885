# Every target makes the virtual environment it needs, installs into it, and runs.
# A second call finds that done.
#
#   make demo PYTHON=/path/to/python3.12    build the environment with this Python
#   make demo VENV=/path/to/environment     keep the environment there, or use one that exists
#   make test PY=python3                    run with this Python as it is; install nothing
#   make test ARGS="-k lstm"                more arguments for the program that is run

VENV ?= .venv
CANDIDATES = python3 python3.14 python3.13 python3.12 python3.11 python

ifeq ($(PY),)
PY = $(VENV)/bin/python
RUNTIME = $(VENV)/installed-runtime
TESTS = $(RUNTIME) $(VENV)/installed-tests
PYTORCH = $(VENV)/installed-pytorch
CUPY = $(VENV)/installed-cupy
MPI = $(VENV)/installed-mpi
GPU = $(VENV)/installed-gpu
BOOK = $(VENV)/installed-book
else
export PYTHONPATH := $(CURDIR)$(if $(PYTHONPATH),:$(PYTHONPATH))
endif

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz bench gpu-check notebooks pictures book clean
.NOTPARALLEL:  # one pip at a time in an environment

help:  ## list what can be made
	@echo "usage: make TARGET"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s  %s\n", $$1, $$2 }' \
	    "$(firstword $(MAKEFILE_LIST))"

demo: $(RUNTIME)  ## train networks without backpropagation between layers (two minutes)
	@"$(PY)" -m dni_np demo $(ARGS)

test: $(TESTS) $(PYTORCH) $(CUPY) $(MPI)  ## run all tests, the notebooks too
	@"$(PY)" -m pytest $(ARGS)

fuzz: $(RUNTIME)  ## try wrong command lines, damaged files and killed runs (twenty minutes)
	@"$(PY)" -m tests.fuzz.run $(ARGS)

bench: $(RUNTIME) $(PYTORCH)  ## time training steps against PyTorch
	@"$(PY)" tests/benchmarks/run.py $(ARGS)

gpu-check: $(TESTS) $(GPU)  ## run the tests on an NVIDIA GPU, and compare it with the CPU
	@"$(PY)" tests/gpu_check.py $(ARGS)

notebooks: $(TESTS)  ## execute the notebooks, and save their outputs
	@"$(PY)" -m jupytext --quiet --sync --set-kernel python3 notebooks/*.py
	@DNI_NP_SLIDERS=0 "$(PY)" -m nbconvert --to notebook --inplace --execute \
	    --ExecutePreprocessor.record_timing=False notebooks/*.ipynb

pictures: $(RUNTIME)  ## draw the moving pictures of the README and the notebooks
	@"$(PY)" -m dni_np.pictures notebooks/figures

book: $(BOOK)  ## build the course as pages to read offline (build/book), and check them
	@rm -rf build/book
	@"$(PY)" -m sphinx -q -E --keep-going -c notebooks/book -d build/doctrees . build/book
	@"$(PY)" tests/check_book.py build/book
	@echo "Open build/book/index.html"

clean:  ## remove .venv, builds and caches (runs are kept)
	rm -rf .venv build dist *.egg-info .pytest_cache .hypothesis fuzz-findings
	find . -name .git -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune \
	    -exec rm -rf {} +

# The environment --------------------------------------------------------------------------------

VERSION = import sys; v = sys.version_info; print("%d.%d" % v[:2]); sys.exit(v < (3, 11))

$(VENV)/bin/python:
	@chosen=; found=; \
	for python in $(if $(PYTHON),"$(PYTHON)",$(CANDIDATES)); do \
	    version=$$("$$python" -c '$(VERSION)' 2>/dev/null) && chosen=$$python && break; \
	    found=$${found:-$$version}; \
	done; \
	if [ -z "$$chosen" ]; then \
	    echo "dni_np needs Python 3.11 or newer; found $${found:-none}." \
	        "Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; \
	    exit 1; \
	fi; \
	mkdir -p "$(VENV)" && rm -f "$(VENV)"/bin/python* && \
	echo "Creating $(VENV) with Python $$version ..." && \
	"$$chosen" -m venv "$(VENV)" >"$(VENV)/venv.log" 2>&1 || { \
	    rm -f "$@"; \
	    echo "$$chosen could not create the virtual environment $(VENV):" \
	        "install its venv and ensurepip modules" \
	        "(on Debian and Ubuntu: apt install python3-venv), or name another Python with PYTHON=;" \
	        "details are in $(VENV)/venv.log" >&2; \
	    exit 1; \
	}

# $(call pip,WHAT,ARGUMENTS,CONSEQUENCE): a quiet pip, its output in a log beside the target.
# It fails with one sentence.
define pip
echo "Installing $(1) ..."; \
"$(VENV)/bin/python" -m pip install --disable-pip-version-check --prefer-binary $(2) \
    >"$@.log" 2>&1 || { \
    if grep -q "No space left" "$@.log"; then why="the disk is full"; \
    elif grep -qE "onnection broken|Max retries|Could not fetch|[Tt]imed out" "$@.log"; then \
        why="the download failed"; \
    elif grep -qiE "compiler|failed building|failed to build|metadata-generation-failed" \
        "$@.log"; then \
        why="no ready-made wheel fits this Python and none could be compiled"; \
        why="$$why (take another Python, or install a C compiler)"; \
    else \
        why=$$(grep "^ERROR" "$@.log" || tail -n 1 "$@.log"); \
        why=$$(echo "$$why" | tail -n 1); fi; \
    echo "Could not install $(1): $$why; details are in $@.log.$(if $(3), $(3))" >&2; \
    false; \
}
endef

$(VENV)/installed-runtime: pyproject.toml | $(VENV)/bin/python
	@$(call pip,dni_np and what it needs,-e .)
	@touch "$@"

$(VENV)/installed-tests: tests/requirements.txt | $(VENV)/bin/python
	@$(call pip,the test tools,-r tests/requirements.txt)
	@touch "$@"

$(VENV)/installed-book: tests/requirements-book.txt | $(VENV)/bin/python
	@$(call pip,Sphinx and what the book needs,-r $<)
	@touch "$@"

$(VENV)/installed-gpu: pyproject.toml | $(VENV)/bin/python
	@$(call pip,CuPy with the CUDA libraries,-e ".[gpu]")
	@touch "$@"

# The tests compare results with PyTorch and names with CuPy; where one cannot be
# installed, they go on without it. PyTorch's own index, asked where it can be reached, has
# CPU-only wheels a tenth the size of those with CUDA.
WITHOUT = The tests that compare with it are skipped, and listed.
CPU_WHEELS = https://download.pytorch.org/whl/cpu
ASK = import urllib.request as u; u.urlopen("$(CPU_WHEELS)/torch/", timeout=5)
REACHABLE = "$(VENV)/bin/python" -c '$(ASK)' 2>/dev/null

$(VENV)/installed-pytorch: tests/requirements-pytorch.txt | $(VENV)/bin/python
	@index=; if $(REACHABLE); then index="--extra-index-url $(CPU_WHEELS)"; fi; \
	if $(call pip,PyTorch,$$index -r $<,$(WITHOUT)); then touch "$@"; fi

$(VENV)/installed-cupy: tests/requirements-cupy.txt | $(VENV)/bin/python
	@if $(call pip,CuPy,-r $<,$(WITHOUT)); then touch "$@"; fi

# Wheels of MPI are there for some systems only.
WITHOUT_MPI = The tests that run on several ranks are skipped, and listed.

$(VENV)/installed-mpi: pyproject.toml | $(VENV)/bin/python
	@if $(call pip,mpi4py and MPICH,-e ".[mpi]",$(WITHOUT_MPI)); then touch "$@"; fi

# An environment whose Python has gone away is made anew
$(shell [ -x "$(VENV)/bin/python" ] || rm -f "$(VENV)"/installed-*)

# careaccess: row-level access control for clinics
#
#   make, make install      build and install for the PostgreSQL that pg_config names
#   make installcheck       regression and isolation tests against a running server
#   make check              everything, in a private server that is removed afterwards
#   make check-versions     the same on several majors, each in a Debian of its own;
#                           VERSIONS="17 18" chooses (root, about 1 GB each)
#   make demo               a clinic to look at (DATA=folder: your Synthea CSV files)
#   make fuzz               try the pure modules with strange inputs (SECONDS=20 each)
#   make check-valgrind     the regression tests with the server under valgrind
#   make bench format dist clean
#
# PG_CONFIG=/path/to/pg_config chooses the server; NO_INSTALL=1 keeps check and
# demo from installing missing packages.

EXTENSION = careaccess
# The version stands once, in the control file.
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" careaccess.control)

# Goals that need no PGXS: they look for (or install) PostgreSQL themselves.
# PGXS has a "check" of its own that only prints a refusal, so it is not
# included for these; other goals named beside them go to a second make.
OWN_GOALS = check check-versions check-valgrind demo fuzz bench format dist
ifneq (,$(filter $(OWN_GOALS),$(MAKECMDGOALS)))

.PHONY: $(MAKECMDGOALS)

check:
	@test/bin/check

check-versions:
	@test/bin/check-versions

demo:
	@test/demo/run $(if $(DATA),'$(subst ','\'',$(DATA))')

fuzz:
	@FUZZ_SECONDS=$(or $(SECONDS),20) test/fuzz/run

check-valgrind:
	@test/bin/check-valgrind

bench:
	@test/bin/bench

format:
	clang-format -i src/*.c src/*.h

dist:
	git archive --format=zip --prefix=$(EXTENSION)-$(EXTVERSION)/ \
		-o $(EXTENSION)-$(EXTVERSION).zip HEAD
	@echo "made $(EXTENSION)-$(EXTVERSION).zip"

OTHER_GOALS = $(filter-out $(OWN_GOALS),$(MAKECMDGOALS))
ifneq (,$(OTHER_GOALS))
$(OTHER_GOALS):
	$(MAKE) $@
endif

else

MODULE_big = careaccess
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c)))
PGFILEDESC = "careaccess - row-level access control for clinics"

DATA = $(wildcard sql/$(EXTENSION)--*--*.sql)
DATA_built = $(EXTENSION)--$(EXTVERSION).sql
ifneq (,$(wildcard doc/*.md))
DOCS = $(wildcard doc/*.md)
endif

PG_CPPFLAGS = -I$(srcdir)/src -DCA_VERSION='"$(EXTVERSION)"'
# Signatures of session tokens.
SHLIB_LINK = -lcrypto
# Warnings are errors; WERROR= (empty) builds with a compiler that warns of more.
# Headers of PostgreSQL before 19 are C99, and no C23, which compilers may take
# for their default; those of 19 want more than C99.
# Three warnings of -Wextra are off because PostgreSQL's own headers and
# conventions raise them: unused parameters (every fmgr function has some),
# comparisons of int with Size in header macros, and struct initializers
# that name the first member only.
WERROR = -Werror
PG_CFLAGS = $(if $(filter 15 16 17 18,$(MAJORVERSION)),-std=gnu99) -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers $(WERROR)

REGRESS = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test
ISOLATION = $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test

EXTRA_CLEAN = $(EXTENSION)--*.sql $(EXTENSION)-*.zip .build

# No bitcode: it lets JIT inline a function's body, which brings nothing for
# functions that do their work in a cache, and it needs a second compiler.
override with_llvm = no

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifneq (,$(wildcard $(PGXS)))
include $(PGXS)
else
.PHONY: all install installcheck clean
all install installcheck:
	@echo 'Cannot find "$(PG_CONFIG)" or its PGXS. Install the server development' >&2
	@echo 'files (Debian: postgresql-server-dev-NN) or set PG_CONFIG=/path/to/pg_config.' >&2
	@exit 1
clean:
	rm -rf src/*.o $(MODULE_big).so $(EXTRA_CLEAN)
endif

# The install script is the parts of sql/ in the order of their numbers.
SQL_PARTS = $(sort $(wildcard sql/[0-9]*.sql))
# The folder's own time changes when a part goes.
$(EXTENSION)--$(EXTVERSION).sql: $(SQL_PARTS) sql $(EXTENSION).control Makefile
	cat $(SQL_PARTS) > $@.tmp && mv $@.tmp $@

$(OBJS): $(wildcard src/*.h) $(EXTENSION).control Makefile

endif

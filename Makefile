# pawl: AWS Secrets Manager that anyone can run.
#   make            build everything under build/
#   make run        install what is missing, build, start pawld, show a rotation
#   make check      install what tests need, run every test; SAN=address,undefined or SAN=thread
#   make soak       the long versions: hundreds of kills, fuzzing by the hour
#   make fuzz       build the fuzz targets (clang); T=name SECONDS=60 make fuzz-run
#   make lint       layers, tables, formatting, cppcheck, man pages
#   make install    DESTDIR= PREFIX=/usr/local

SAN ?=
B ?= build$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))
comma := ,
ifeq ($(origin CC),default)
CC = gcc
endif
V ?=
Q = $(if $(V),,@)
say = $(if $(V),,@echo '  $(1)  $@')
PREFIX ?= /usr/local
LIBEXEC = $(PREFIX)/libexec/pawl
VERSION := $(shell cat VERSION)
PYTHON := /usr/bin/python3

PKGS = libuv openssl libcurl jansson libzip libxml-2.0 libseccomp libprotobuf-c
LLHTTP_LIB := $(shell pkg-config --exists libllhttp && echo yes)

WARN = -Wall -Wextra -Wshadow -Wformat=2 -Wvla -Wstrict-prototypes -Wmissing-prototypes \
	-Wimplicit-fallthrough -Wconversion -Wno-sign-conversion -Wno-missing-field-initializers \
	$(if $(CI),-Werror)
HARDEN = -fstack-protector-strong -fstack-clash-protection -fno-delete-null-pointer-checks \
	-fno-strict-overflow -fno-strict-aliasing -fPIE \
	$(if $(SAN),,-D_FORTIFY_SOURCE=2 -ftrivial-auto-var-init=zero)
OPT ?= -O2 -g
SANFLAGS = $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer -Og)
CFLAGS_ALL = -std=gnu11 -D_GNU_SOURCE $(OPT) $(WARN) $(HARDEN) $(SANFLAGS) $(CFLAGS) \
	-Isrc -I$(B)/gen -DPAWL_VERSION='"$(VERSION)"' -DPAWL_LIBEXEC='"$(LIBEXEC)"' \
	$(shell pkg-config --cflags $(PKGS)) -MMD -MP
LDFLAGS_ALL = -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed $(SANFLAGS) $(LDFLAGS)
LIBS = $(shell pkg-config --libs $(PKGS)) -llmdb -linih -lpthread -lm

ifeq ($(LLHTTP_LIB),yes)
LIBS += $(shell pkg-config --libs libllhttp)
CFLAGS_ALL += $(shell pkg-config --cflags libllhttp)
LLHTTP_OBJ =
else
CFLAGS_ALL += -I/usr/share/include/llhttp
LLHTTP_OBJ = $(patsubst %,$(B)/obj/llhttp/%.o,api http llhttp)
endif

# The layers (docs/design/layers.md): a folder and all it may include, nearest first. The same
# lines feed tools/check-layers, so the build and the rule cannot drift apart.
DEPS_base =
DEPS_sched = base
DEPS_http = base
DEPS_crypto = base
DEPS_store = base
DEPS_auth = store crypto base
DEPS_catalog = store crypto sched base
DEPS_audit = store crypto base
DEPS_func = store http crypto base
DEPS_runner = http base
DEPS_rotate = catalog audit func auth store crypto sched http base
DEPS_api = rotate $(DEPS_rotate)
DEPS_front = api $(DEPS_api)
DEPS_cli = auth store crypto http sched base
LAYERS = base sched http crypto store auth catalog audit func runner rotate api front cli

all: $(B)/pawld $(B)/pawl rotators runtimes vectors

# ---- objects and libraries
PROTOS = $(wildcard src/*/*.proto)
PROTO_OBJ_of = $(patsubst src/%.proto,$(B)/obj/%.pb-c.o,$(wildcard src/$(1)/*.proto))
SRC_of = $(wildcard src/$(1)/*.c src/$(1)/*/*.c)
OBJ_of = $(patsubst src/%.c,$(B)/obj/%.o,$(call SRC_of,$(1))) $(call PROTO_OBJ_of,$(1)) \
	$(if $(filter http,$(1)),$(LLHTTP_OBJ))
LIB_of = $(B)/lib/$(1).a
libs = $(foreach d,$(1),$(call LIB_of,$(d)))
group = -Wl,--start-group $(1) -Wl,--end-group

define layer_rule
$(call LIB_of,$(1)): $(call OBJ_of,$(1))
	@mkdir -p $$(@D); rm -f $$@
	$(Q)ar rcs $$@ $$^
$(call OBJ_of,$(1)): | $(patsubst src/%.proto,$(B)/gen/%.pb-c.h,$(PROTOS))
endef
$(foreach d,$(LAYERS),$(eval $(call layer_rule,$(d))))

$(B)/gen/%.pb-c.c $(B)/gen/%.pb-c.h: src/%.proto
	@mkdir -p $(@D)
	$(Q)protoc-c --c_out=$(B)/gen -Isrc $<
$(B)/obj/%.pb-c.o: $(B)/gen/%.pb-c.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -w -c $< -o $@
$(B)/obj/llhttp/%.o: /usr/share/llhttp/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -w -c $< -o $@
$(B)/obj/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -c $< -o $@

# ---- programs
DAEMON_LIBS = $(call libs,front $(DEPS_front) runner)
$(B)/pawld: $(B)/obj/pawld.o $(DAEMON_LIBS)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $< $(call group,$(DAEMON_LIBS)) $(LIBS)
$(B)/pawl: $(B)/obj/pawl.o $(call libs,cli $(DEPS_cli))
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $< $(call group,$(call libs,cli $(DEPS_cli))) $(LIBS)

# Each rotators/NAME/ is one executable on its own client library; rotators/*.c is what they share.
ROTATOR_LIBS_postgres = $(shell pkg-config --libs libpq)
ROTATOR_LIBS_mysql = $(shell pkg-config --libs libmariadb)
ROTATOR_LIBS_redis = $(shell pkg-config --libs hiredis)
ROTATOR_CFLAGS = $(shell pkg-config --cflags libpq libmariadb hiredis)
ROTATORS = $(patsubst rotators/%/,%,$(filter-out rotators/,$(dir $(wildcard rotators/*/*.c))))
ROTATOR_NAMES = $(sort $(ROTATORS))
$(B)/obj/rotators/%.o: rotators/%.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -I. $(ROTATOR_CFLAGS) -c $< -o $@
ROTATOR_COMMON = $(patsubst rotators/%.c,$(B)/obj/rotators/%.o,$(wildcard rotators/*.c))
define rotator_rule
$(B)/rotators/$(1): $(patsubst rotators/%.c,$(B)/obj/rotators/%.o,$(wildcard rotators/$(1)/*.c)) $(ROTATOR_COMMON) $(call libs,auth store crypto base)
	@mkdir -p $$(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $$@ $$(filter %.o,$$^) $$(call group,$(call libs,auth store crypto base)) $(ROTATOR_LIBS_$(1)) $(LIBS)
endef
$(foreach r,$(ROTATOR_NAMES),$(eval $(call rotator_rule,$(r))))
rotators: $(patsubst %,$(B)/rotators/%,$(ROTATOR_NAMES))
# Beside them, as in LIBEXEC, so that pawld finds both when it is run from here.
$(B)/runtimes/%: runtimes/%
	@mkdir -p $(@D)
	$(Q)cp $< $@
runtimes: $(patsubst runtimes/%,$(B)/runtimes/%,$(wildcard runtimes/*/*))

# The runner for folders of vectors: build/vectors DIR
$(B)/vectors: $(patsubst tests/vectors/%.c,$(B)/obj/tests/vectors/%.o,$(wildcard tests/vectors/*.c)) $(call libs,auth store crypto base)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(call group,$(call libs,auth store crypto base)) $(LIBS)
vectors: $(B)/vectors

# ---- unit tests: tests/unit/LAYER/x_test.c, one program each; tests/engines and harness beside them
$(B)/obj/tests/%.o: tests/%.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -Itests/harness -Wno-missing-prototypes -c $< -o $@
HARNESS = $(patsubst tests/%.c,$(B)/obj/tests/%.o,$(wildcard tests/harness/*.c))
UNIT_of = $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/unit/$(1)/*_test.c))
define unit_rule
$(call UNIT_of,$(1)): $(B)/tests/%: $(B)/obj/tests/%.o $(HARNESS) $(call libs,$(1) $(DEPS_$(1)))
	@mkdir -p $$(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $$@ $$< $(HARNESS) $$(call group,$(call libs,$(1) $(DEPS_$(1)))) $(LIBS) -lcmocka
endef
$(foreach d,$(LAYERS),$(eval $(call unit_rule,$(d))))
ENGINE_TESTS = $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/engines/*_test.c))
$(ENGINE_TESTS): $(B)/tests/%: $(B)/obj/tests/%.o $(HARNESS) $(call libs,store base)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $< $(HARNESS) $(call group,$(call libs,store base)) $(LIBS) -lcmocka
UNIT_TESTS = $(foreach d,$(LAYERS),$(call UNIT_of,$(d))) $(ENGINE_TESTS)
units: $(UNIT_TESTS)
# make unit-sched: build and run the unit tests of one folder, needing only what it needs
unit-%: FORCE
	$(MAKE) --no-print-directory $(call UNIT_of,$*)
	@set -e; for t in $(call UNIT_of,$*); do $$t; done
unit-engines: $(ENGINE_TESTS)
	@set -e; for t in $(ENGINE_TESTS); do $$t; done

# ---- what people type
packages-%:
	@tools/install-packages $*
run: packages-run
	@$(MAKE) --no-print-directory -j2 all
	@tools/demo $(ARGS)
check: packages-test
	@$(MAKE) --no-print-directory -j2 all units
	@tools/check $(ARGS)
soak: packages-test
	@$(MAKE) --no-print-directory -j2 all units
	@tools/soak $(ARGS)
lint: packages-lint
	@tools/lint

# ---- fuzzing: fuzz/X.c is one target; corpus in fuzz/corpus/X
FUZZ_NAMES = $(patsubst fuzz/%.c,%,$(wildcard fuzz/*.c))
FB = $(B)/fuzz
FUZZ_LIBS = $(patsubst %,$(FB)/lib/lib/%.a,front $(DEPS_front) runner)
# All sources once more, by clang, in one make: the targets only link.
fuzz-libs: FORCE
	@$(MAKE) --no-print-directory B=$(FB)/lib CC=clang OPT="-O1 -g" \
	    CFLAGS="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all" WARN=-w HARDEN= \
	    $(FUZZ_LIBS)
$(FUZZ_LIBS): fuzz-libs ;
$(FB)/%: fuzz/%.c $(FUZZ_LIBS)
	@mkdir -p $(FB)
	$(Q)clang -std=gnu11 -D_GNU_SOURCE -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	    -Isrc -I$(FB)/lib/gen -I/usr/share/include/llhttp $< -o $@ \
	    $(call group,$(FUZZ_LIBS)) $(LIBS)
fuzz: $(patsubst %,$(FB)/%,$(FUZZ_NAMES))

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(LIBEXEC)/rotators \
	    $(DESTDIR)$(LIBEXEC)/runtimes $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 \
	    $(DESTDIR)$(PREFIX)/share/man/man7 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 755 $(B)/pawl $(DESTDIR)$(PREFIX)/bin/pawl
	install -m 755 $(B)/pawld $(DESTDIR)$(PREFIX)/sbin/pawld
	install -m 755 $(patsubst %,$(B)/rotators/%,$(ROTATOR_NAMES)) $(DESTDIR)$(LIBEXEC)/rotators/
	cp -R runtimes/. $(DESTDIR)$(LIBEXEC)/runtimes/
	for m in docs/man/*.[1-8]; do install -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/; done

clean:
	rm -rf build

FORCE:
.PHONY: all rotators runtimes vectors units run check soak bench lint fuzz fuzz-libs install clean FORCE
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)

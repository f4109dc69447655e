// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Profiles made up for the tests of reports, without a workload: a pandas job as it is in life,
 * hostile names, deep recursion, very many stacks. The same call makes the same profile.
 */
#ifndef TESTS_UNIT_CORE_REPORT_SAMPLE_PROFILE_H
#define TESTS_UNIT_CORE_REPORT_SAMPLE_PROFILE_H

#include "core/profile/builder.h"
#include "core/profile/profile.h"
#include "tests/unit/test.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAMPLE_MIB ((uint64_t)1 << 20)

struct sample_frame {
	const char *file; /* NULL: the function is a label */
	uint32_t line;
	const char *function;
	const char *source; /* NULL: not known */
};

struct sample {
	struct builder builder;
};

__attribute__((unused)) static void sample_init(struct sample *sample, const char *command)
{
	struct builder *builder = &sample->builder;
	builder_init(builder);
	builder->profile->tool_version = builder_text(builder, "0.1.0");
	builder->profile->command = builder_text(builder, command);
	builder->profile->directory = builder_text(builder, "/home/ana/jobs");
	builder->profile->host = builder_text(builder, "worker-7");
	builder->profile->outcome = (struct outcome){
		.verdict = VERDICT_EXITED,
		.start_unix_ms = 1795407247759,
		.duration_ms = 18432,
		.cpu_user_ms = 15210,
		.cpu_system_ms = 2904,
		.max_rss_bytes = 1402 * SAMPLE_MIB,
		.machine_ram_bytes = 32768 * SAMPLE_MIB,
	};
	builder->profile->segment_bytes = 3 * SAMPLE_MIB + 262144;
	struct profile_process process = {
		.pid = 4711,
		.generations = 1,
		.executable = builder_text(builder, "/usr/bin/python3.11"),
		.python_state = 1,
		.python_version = 0x030b07f0,
	};
	builder_process(builder, &process);
}

/* The node of one more frame below parent. */
__attribute__((unused)) static uint32_t sample_node(struct sample *sample, uint32_t parent,
						    const struct sample_frame *at)
{
	struct builder *builder = &sample->builder;
	uint32_t file = at->file ? builder_text(builder, at->file) : 0;
	uint32_t frame = builder_frame(builder, file, builder_text(builder, at->function), at->line,
				       at->file ? 0 : FRAME_LABEL);
	if (at->source) {
		uint32_t source = builder_text(builder, at->source);
		builder->profile->frames[frame].source = source;
	}
	return builder_node(builder, parent, frame);
}

/* The node of a stack of count frames, outermost first, below parent. */
__attribute__((unused)) static uint32_t sample_stack(struct sample *sample, uint32_t parent,
						     const struct sample_frame *frames,
						     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		parent = sample_node(sample, parent, &frames[i]);
	}
	return parent;
}

__attribute__((unused)) static void sample_entry(struct sample *sample, uint32_t node,
						 uint64_t peak, uint64_t end, uint64_t total)
{
	struct profile_entry entry = {
		.node = node,
		.peak_bytes = peak,
		.peak_blocks = peak ? 1 + peak / 65536 : 0,
		.end_bytes = end,
		.end_blocks = end ? 1 + end / 65536 : 0,
		.total_bytes = total,
		.total_blocks = total ? 1 + total / 32768 : 0,
	};
	builder_entry(&sample->builder, &entry);
}

/* The finished profile: its totals are the sums of its entries. */
__attribute__((unused)) static struct profile *sample_finish(struct sample *sample)
{
	struct profile *profile = builder_finish(&sample->builder);
	REQUIRE(profile);
	builder_done(&sample->builder);
	profile->peak_bytes = profile_sum_bytes(profile, MEASURE_PEAK);
	profile->end_bytes = profile_sum_bytes(profile, MEASURE_END);
	profile->total_bytes = profile_sum_bytes(profile, MEASURE_TOTAL);
	for (uint32_t i = 0; i < profile->entry_count; i++) {
		profile->end_blocks += profile->entries[i].end_blocks;
		profile->total_blocks += profile->entries[i].total_blocks;
	}
	return profile;
}

#define SAMPLE_LIB "/usr/lib/python3.11/"
#define SAMPLE_SITE "/home/ana/jobs/.venv/lib/python3.11/site-packages/"

static const struct sample_frame sample_read_csv[] = {
	{ "/home/ana/jobs/report.py", 61, "<module>", "main(sys.argv[1:])" },
	{ "/home/ana/jobs/report.py", 52, "main", "    trips = load(args.path, args.months)" },
	{ "/home/ana/jobs/report.py", 18, "load",
	  "        frames.append(pd.read_csv(name, parse_dates=[\"start\", \"end\"], "
	  "dtype=TYPES))" },
	{ SAMPLE_SITE "pandas/io/parsers/readers.py", 1026, "read_csv",
	  "    return _read(filepath_or_buffer, kwds)" },
	{ SAMPLE_SITE "pandas/io/parsers/readers.py", 626, "_read",
	  "        return parser.read(nrows)" },
	{ SAMPLE_SITE "pandas/io/parsers/readers.py", 1923, "TextFileReader.read",
	  "                ) = self._engine.read(  # type: ignore[attr-defined]" },
	{ SAMPLE_SITE "pandas/io/parsers/c_parser_wrapper.py", 234, "CParserWrapper.read",
	  "                chunks = self._reader.read_low_memory(nrows)" },
};

static const struct sample_frame sample_blocks[] = {
	{ SAMPLE_SITE "pandas/core/frame.py", 778, "DataFrame.__init__",
	  "            mgr = dict_to_mgr(" },
	{ SAMPLE_SITE "pandas/core/internals/construction.py", 503, "dict_to_mgr",
	  "    return arrays_to_mgr(arrays, columns, index, dtype=dtype, typ=typ, "
	  "consolidate=copy)" },
	{ SAMPLE_SITE "pandas/core/internals/managers.py", 2144,
	  "create_block_manager_from_column_arrays",
	  "        blocks = _form_blocks(arrays, consolidate, refs)" },
	{ SAMPLE_SITE "pandas/core/internals/managers.py", 2269, "_stack_arrays",
	  "    stacked = np.empty(shape, dtype=dtype)" },
};

static const struct sample_frame sample_merge[] = {
	{ "/home/ana/jobs/report.py", 54, "main",
	  "    joined = trips.merge(stations, on=\"station_id\", how=\"left\")" },
	{ SAMPLE_SITE "pandas/core/frame.py", 10832, "DataFrame.merge", "        return merge(" },
	{ SAMPLE_SITE "pandas/core/reshape/merge.py", 184, "merge",
	  "        return op.get_result(copy=copy)" },
	{ SAMPLE_SITE "pandas/core/reshape/merge.py", 888, "_MergeOperation.get_result",
	  "        result = self._reindex_and_concat(" },
	{ SAMPLE_SITE "pandas/core/algorithms.py", 1243, "take", "        result = take_nd(" },
};

static const struct sample_frame sample_groupby[] = {
	{ "/home/ana/jobs/report.py", 55, "main",
	  "    by_day = joined.groupby([\"district\", joined.start.dt.date]).agg(SUMMARY)" },
	{ SAMPLE_SITE "pandas/core/groupby/generic.py", 1445, "DataFrameGroupBy.aggregate",
	  "        result = op.agg()" },
	{ SAMPLE_SITE "pandas/core/apply.py", 190, "Apply.agg",
	  "            return self.agg_dict_like()" },
	{ SAMPLE_SITE "pandas/core/apply.py", 423, "Apply.compute_dict_like.<locals>.<listcomp>",
	  "                getattr(obj._gotitem(key, ndim=1), op_name)(how, **kwargs)" },
	{ SAMPLE_SITE "pandas/core/groupby/ops.py", 830, "BaseGrouper.agg_series",
	  "            npvalues = lib.maybe_convert_objects(result, try_float=False)" },
};

static const struct sample_frame sample_import[] = {
	{ "/home/ana/jobs/report.py", 5, "<module>", "import pandas as pd" },
	{ "<frozen importlib._bootstrap>", 1178, "_find_and_load", NULL },
	{ "<frozen importlib._bootstrap>", 1149, "_find_and_load_unlocked", NULL },
	{ "<frozen importlib._bootstrap>", 690, "_load_unlocked", NULL },
	{ "<frozen importlib._bootstrap_external>", 940, "SourceLoader.exec_module", NULL },
	{ "<frozen importlib._bootstrap>", 241, "_call_with_frames_removed", NULL },
	{ SAMPLE_SITE "pandas/__init__.py", 16, "<module>", "from pandas.compat import numpy" },
	{ SAMPLE_LIB "ast.py", 50, "parse", "    return compile(source, filename, mode, flags," },
};

/*
 * A timeline in bins of 100 ms: imports, files read one by one, the peak, then most of it freed.
 * One that is killed ends at its peak.
 */
__attribute__((unused)) static void sample_timeline(struct sample *sample, uint64_t peak,
						    uint64_t limit)
{
	struct usage_sample bins[184];
	unsigned count = limit ? 134 : 184;
	for (unsigned i = 0; i < count; i++) {
		unsigned read = i < 12 ? 0 : i > 96 ? 12 : (i - 12) / 7;
		unsigned parsing = i > 12 && i <= 96 ? (i - 12) % 7 * 6 : 0;
		unsigned share = i < 12 ? i * 3 : 36 + read * 50 + parsing;
		share = i > 96 ? 700 + (i - 96) * 8 : share;
		share = i == 133 ? 1000 : i > 133 ? 236 : share;
		uint64_t tracked = peak / 1000 * share;
		bins[i] = (struct usage_sample){
			.time_ms = i * 100,
			.tracked_bytes = tracked,
			.anonymous_bytes = tracked / 100 * 93 + 21 * SAMPLE_MIB,
			.shared_bytes = 4 * SAMPLE_MIB,
			.file_bytes = i < 5 ? 12 * SAMPLE_MIB : 74 * SAMPLE_MIB,
			.cgroup_bytes = limit ? tracked / 100 * 93 + 230 * SAMPLE_MIB : 0,
		};
	}
	builder_samples(&sample->builder, bins, count);
}

/* Small stacks such as every import leaves: count of them below parent. */
__attribute__((unused)) static void sample_crumbs(struct sample *sample, uint32_t parent,
						  unsigned count)
{
	uint64_t random = 88172645463325252u;
	for (unsigned i = 0; i < count; i++) {
		char file[64], function[32];
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		snprintf(file, sizeof(file), SAMPLE_LIB "collections/mod_%u.py", i % 37);
		snprintf(function, sizeof(function), "make_%u", i % 91);
		struct sample_frame outer = { file, 1 + i % 53, "<module>", "class Thing(Base):" };
		struct sample_frame inner = { file, 100 + i, function, "    return tuple(values)" };
		uint32_t node = sample_node(sample, sample_node(sample, parent, &outer), &inner);
		uint64_t bytes = 200 + random % (i % 50 == 0 ? 900000 : 30000);
		sample_entry(sample, node, bytes, bytes / 2, bytes * 3);
	}
}

#define sample_of(sample, parent, frames) \
	sample_stack(sample, parent, frames, sizeof(frames) / sizeof((frames)[0]))

__attribute__((unused)) static void sample_pandas_stacks(struct sample *sample)
{
	uint32_t module = sample_stack(sample, 0, sample_read_csv, 1);
	uint32_t load = sample_stack(sample, 0, sample_read_csv, 3);
	uint32_t read = sample_of(sample, 0, sample_read_csv);
	uint32_t merged = sample_of(sample, module, sample_merge);
	struct sample_frame concat = { "/home/ana/jobs/report.py", 19, "load",
				       "    return pd.concat(frames, ignore_index=True)" };
	struct sample_frame label = { NULL, 0, "[No Python stack]", NULL };
	struct sample_frame started = { NULL, 0, "[thread started here]", NULL };
	struct sample_frame lookup = {
		"/home/ana/jobs/report.py", 33, "station_table",
		"    return {s[\"id\"]: s for s in json.load(handle)[\"stations\"]}"
	};
	struct sample_frame decode = { SAMPLE_LIB "json/decoder.py", 353, "JSONDecoder.raw_decode",
				       "            obj, end = self.scan_once(s, idx)" };
	uint32_t main_node = sample_node(sample, module, &sample_read_csv[1]);
	sample_entry(sample, read, 412 * SAMPLE_MIB + 8191, 0, 3100 * SAMPLE_MIB);
	sample_entry(sample, sample_of(sample, load, sample_blocks), 96 * SAMPLE_MIB, 0,
		     840 * SAMPLE_MIB);
	sample_entry(sample,
		     sample_of(sample, sample_node(sample, main_node, &concat), sample_blocks),
		     318 * SAMPLE_MIB + 77, 190 * SAMPLE_MIB, 318 * SAMPLE_MIB + 77);
	sample_entry(sample, merged, 228 * SAMPLE_MIB, 0, 456 * SAMPLE_MIB);
	sample_entry(sample, sample_of(sample, merged, sample_blocks), 61 * SAMPLE_MIB, 0,
		     61 * SAMPLE_MIB);
	sample_entry(sample, sample_of(sample, module, sample_groupby), 47 * SAMPLE_MIB,
		     22 * SAMPLE_MIB, 1200 * SAMPLE_MIB);
	sample_entry(sample, sample_node(sample, sample_node(sample, main_node, &lookup), &decode),
		     38 * SAMPLE_MIB, 38 * SAMPLE_MIB, 52 * SAMPLE_MIB);
	sample_entry(sample, sample_of(sample, 0, sample_import), 31 * SAMPLE_MIB, 30 * SAMPLE_MIB,
		     64 * SAMPLE_MIB);
	sample_entry(sample, sample_node(sample, 0, &label), 9 * SAMPLE_MIB + 4096, 9 * SAMPLE_MIB,
		     11 * SAMPLE_MIB);
	sample_entry(sample, sample_node(sample, sample_node(sample, main_node, &started), &label),
		     6 * SAMPLE_MIB, 0, 90 * SAMPLE_MIB);
	sample_crumbs(sample, sample_of(sample, 0, sample_import), 900);
}

/* A pandas job that exits well. */
__attribute__((unused)) static struct profile *sample_pandas(void)
{
	struct sample sample;
	sample_init(&sample, "python3 report.py --months 12 'data/trips 2025-*.csv'");
	sample_pandas_stacks(&sample);
	sample_timeline(&sample, 1260 * SAMPLE_MIB, 0);
	return sample_finish(&sample);
}

/* The same, killed by the kernel in a container of 1.5 GiB. */
__attribute__((unused)) static struct profile *sample_out_of_memory(void)
{
	struct sample sample;
	sample_init(&sample, "python3 report.py --months 12 'data/trips 2025-*.csv'");
	sample_pandas_stacks(&sample);
	uint32_t read = sample_of(&sample, 0, sample_read_csv);
	sample_entry(&sample, read, 0, 900 * SAMPLE_MIB, 0);
	sample_timeline(&sample, 1260 * SAMPLE_MIB, 1536 * SAMPLE_MIB);
	sample.builder.profile->outcome.duration_ms = 13432;
	struct profile_thread threads[] = {
		{ .pid = 4711, .tid = 4711, .node = read, .age_allocations = 0 },
		{ .pid = 4711,
		  .tid = 4719,
		  .node = sample_of(&sample, 0, sample_import),
		  .age_allocations = 83712 },
	};
	builder_thread(&sample.builder, &threads[0]);
	builder_thread(&sample.builder, &threads[1]);
	struct profile *profile = sample_finish(&sample);
	profile->moment = MOMENT_OUT_OF_MEMORY;
	profile->failed_node = 0;
	profile->repaired_operations = 1;
	profile->outcome.verdict = VERDICT_OOM_CONFIRMED;
	profile->outcome.signal = 9;
	profile->outcome.cgroup_limit_bytes = 1536 * SAMPLE_MIB;
	profile->outcome.cgroup_max_usage_bytes = 1536 * SAMPLE_MIB;
	profile->outcome.cgroup_oom_kills = 1;
	profile->outcome.children = 4;
	profile->outcome.children_max_rss_bytes = 87 * SAMPLE_MIB;
	profile->processes[0].missed[0] = 17;
	return profile;
}

/*
 * The same, under a ceiling of 1.5 GiB that one of its threads has broken, with as much again asked
 * for and never touched.
 */
__attribute__((unused)) static struct profile *sample_breach(void)
{
	struct profile *profile = sample_out_of_memory();
	struct outcome *outcome = &profile->outcome;
	outcome->verdict = VERDICT_CEILING;
	outcome->cgroup_limit_bytes = 0;
	outcome->cgroup_max_usage_bytes = 0;
	outcome->cgroup_oom_kills = 0;
	outcome->breach = (struct breach){
		.metric = CEILING_RESIDENT,
		.action = CEILING_KILL,
		.trigger = BREACH_ALLOCATION,
		.tid = 4719,
		.limit_bytes = 1536 * SAMPLE_MIB,
		.charge_bytes = 1530 * SAMPLE_MIB,
		.asked_bytes = 400 * SAMPLE_MIB,
		.allocation = 2987586,
	};
	outcome->charge = (struct charge){
		.anonymous_bytes = 1500 * SAMPLE_MIB,
		.shared_bytes = 24 * SAMPLE_MIB,
		.page_table_bytes = 4 * SAMPLE_MIB,
		.kernel_bytes = 2 * SAMPLE_MIB,
		.threads = 9,
		.processes = 3,
	};
	outcome->charge_file_bytes = 74 * SAMPLE_MIB;
	outcome->charge_tracked_bytes = 1520 * SAMPLE_MIB;
	profile->breach_node = profile->threads[1].node;
	return profile;
}

/* Names and sources that want to be markup, script, escape sequences, or nothing. */
__attribute__((unused)) static struct profile *sample_hostile(void)
{
	static const struct sample_frame frames[] = {
		{ "/tmp/</script><script>alert(1)</script>.py", 1, "<img src=x onerror=alert(2)>",
		  "x = \"</title></svg><script>alert(3)</script>\"" },
		{ "/tmp/]]><script>alert(4)</script>.py", 2, "a\" onload=\"alert(5)",
		  "<!-- <![CDATA[ --> & &amp; &lt; \xe2\x80\xa8\xe2\x80\xa9" },
		{ "/tmp/\x1b[2J\x1b]0;title\x07.py", 3, "tab\there",
		  "\tif x:\n\rpass\x7f\xc2\x9b" },
		{ "/tmp/\xff\xfe\xc0\xaf\xed\xa0\x80.py", 4,
		  "\xe2\x80\xae"
		  "esrever",
		  "\xf0\x9f\x90" },
		{ "/tmp/semi;colon.py", 5, "\xe5\x87\xbd\xe6\x95\xb0_\xc3\xa4\xc3\xb6\xc3\xbc",
		  "s = '\xf0\x9f\x90\x8d \xe4\xb8\xad\xe6\x96\x87'" },
		{ "", 0, "", "" },
		{ "'\"`${alert(6)}\\", 4294967295u, "\\u003cscript\\u003e", "'\\'; alert(7); //" },
		{ NULL, 0, "[<b>label</b>]", NULL },
	};
	struct sample sample;
	sample_init(&sample, "python3 '</script><script>alert(8)</script>' \x1b[31m \"&quot;");
	uint32_t node = 0;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		node = sample_node(&sample, node, &frames[i]);
		sample_entry(&sample, node, 100 * SAMPLE_MIB, 1, 100 * SAMPLE_MIB);
	}
	static char wide[20001];
	memset(wide, 'w', sizeof(wide) - 1);
	struct sample_frame very_long = { wide, 9, wide, wide };
	sample_entry(&sample, sample_node(&sample, node, &very_long), SAMPLE_MIB * 300, 0, 0);
	sample.builder.profile->directory = builder_text(&sample.builder, "/tmp/<dir>&\x01");
	sample.builder.profile->host = builder_text(&sample.builder, "<h>");
	return sample_finish(&sample);
}

/* Recursion of depth frames that allocates on its way at every 100th, and at its end. */
__attribute__((unused)) static struct profile *sample_deep(unsigned depth)
{
	static const struct sample_frame recurse = { "/home/ana/jobs/tree.py", 7, "Tree.build",
						     "        self.left = Tree().build(n - 1)" };
	static const struct sample_frame leaf = { "/home/ana/jobs/tree.py", 9, "Tree.leaf",
						  "        return bytearray(4096)" };
	struct sample sample;
	sample_init(&sample, "python3 tree.py");
	uint32_t node = 0;
	for (unsigned i = 1; i <= depth; i++) {
		node = sample_node(&sample, node, &recurse);
		if (i % 100 == 0) {
			sample_entry(&sample, node, 64000, 64000, 64000);
		}
	}
	sample_entry(&sample, sample_node(&sample, node, &leaf), 40 * SAMPLE_MIB, 0, 0);
	return sample_finish(&sample);
}

/* Nothing recorded at all. */
__attribute__((unused)) static struct profile *sample_empty(void)
{
	struct sample sample;
	sample_init(&sample, "true");
	sample.builder.profile->outcome.duration_ms = 3;
	return sample_finish(&sample);
}

/* count stacks of some 30 frames, of 2,000 functions, as a large program would have. */
__attribute__((unused)) static struct profile *sample_many(unsigned count)
{
	uint64_t random = 1181783497276652981u;
	struct sample sample;
	sample_init(&sample, "python3 -m service");
	for (unsigned i = 0; i < count; i++) {
		uint32_t node = 0;
		uint64_t path = i;
		for (unsigned depth = 0; depth < 30; depth++) {
			char file[80], function[24];
			unsigned which = depth < 20 ? depth * 8 + path % (depth % 4 ? 1 : 8)
						    : (unsigned)(random >> 33) % 2000;
			path /= depth % 4 ? 1 : 8;
			random = random * 6364136223846793005u + 1442695040888963407u;
			snprintf(file, sizeof(file), "/srv/app/service/package_%u/module_%u.py",
				 which % 40, which % 200);
			snprintf(function, sizeof(function), "handler_%u", which);
			struct sample_frame at = {
				file, 10 + which, function,
				"    value = compute(self.state, *args, **kwargs)"
			};
			node = sample_node(&sample, node, &at);
		}
		uint64_t bytes = 64 + (random >> 40) % 20000 * (i % 97 == 0 ? 50 : 1);
		sample_entry(&sample, node, bytes, bytes / 3, bytes * 2);
	}
	return sample_finish(&sample);
}

#endif

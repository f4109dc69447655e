// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/report.h"
#include "core/report/signals.h"
#include "core/report/units.h"

#include <inttypes.h>

enum measure report_default_measure(const struct profile *profile)
{
	return profile->moment == MOMENT_OUT_OF_MEMORY || profile->moment == MOMENT_IN_ADVANCE
			|| verdict_is_out_of_memory(profile->outcome.verdict)
		? MEASURE_END
		: MEASURE_PEAK;
}

static void write_end(FILE *out, const struct outcome *outcome)
{
	if (outcome->signal) {
		fprintf(out, "killed by signal %d (%s)%s", (int)outcome->signal,
			signal_name(outcome->signal).text,
			outcome->core_dumped ? ", core dumped" : "");
	} else {
		fprintf(out, "exited with status %d", (int)outcome->exit_status);
	}
}

static void write_confirmed(FILE *out, const struct outcome *outcome)
{
	fputs("killed by the kernel for lack of memory (SIGKILL; its cgroup", out);
	if (outcome->cgroup_limit_bytes) {
		fprintf(out, ", limited to %s,", units_bytes(outcome->cgroup_limit_bytes).text);
	}
	fprintf(out, " counted %" PRIu64 " out-of-memory kill%s)", outcome->cgroup_oom_kills,
		outcome->cgroup_oom_kills == 1 ? "" : "s");
}

static void write_ceiling(FILE *out, const struct breach *breach)
{
	fprintf(out, "killed by fil-profile (SIGKILL): it reached the limit of %s that --limit set",
		units_bytes(breach->limit_bytes).text);
	if (breach->metric == CEILING_ALLOCATED) {
		fputs(" for what it asks for", out);
	} else if (breach->metric == CEILING_ADDRESS_SPACE) {
		fputs(" for its address space", out);
	}
}

static void write_likely(FILE *out, const struct outcome *outcome)
{
	fputs("killed by SIGKILL, likely by the kernel for lack of memory (the machine", out);
	if (outcome->machine_ram_bytes) {
		fprintf(out, ", with %s of RAM,", units_bytes(outcome->machine_ram_bytes).text);
	}
	fprintf(out, " counted %" PRIu64 " out-of-memory kill%s)", outcome->machine_oom_kills,
		outcome->machine_oom_kills == 1 ? "" : "s");
}

/** What speaks for the kernel, in brackets; nothing if there is nothing. */
static void write_evidence(FILE *out, const struct outcome *outcome)
{
	const char *separator = " (";
	if (outcome->cgroup_last_usage_bytes && outcome->cgroup_limit_bytes) {
		fprintf(out, "%sits cgroup held %s", separator,
			units_bytes(outcome->cgroup_last_usage_bytes).text);
		fprintf(out, " of %s when last looked at",
			units_bytes(outcome->cgroup_limit_bytes).text);
		separator = "; ";
	}
	if (outcome->machine_oom_kills) {
		fprintf(out, "%sthe machine has counted %" PRIu64 " out-of-memory kill%s since",
			separator, outcome->machine_oom_kills,
			outcome->machine_oom_kills == 1 ? "" : "s");
		separator = "; ";
	}
	fputs(*separator == ';' ? ")" : "", out);
}

static void write_lost(FILE *out, const struct outcome *outcome)
{
	if (!(outcome->lost & LOST_KILLED)) {
		fputs("nobody saw how it ended: the machine stopped, or the disk was taken away",
		      out);
	} else if (outcome->lost & LOST_DIES_TOGETHER) {
		fputs("ended without a word, killed together with fil-profile, as the kernel does "
		      "for lack of memory where memory.oom.group is set",
		      out);
		write_evidence(out, outcome);
	} else {
		fputs("nobody saw how it ended: fil-profile was killed, too", out);
		write_evidence(out, outcome);
	}
}

/** Nobody knows from such a picture what came then. */
static void write_running(FILE *out, const struct profile *profile)
{
	const struct outcome *outcome = &profile->outcome;
	fputs("still running", out);
	if (profile->moment != MOMENT_IN_ADVANCE) {
		return;
	}
	fputs(" when this picture was taken in advance, because memory was almost out (", out);
	if (outcome->cgroup_limit_bytes && outcome->cgroup_max_usage_bytes) {
		fprintf(out, "its cgroup held %s",
			units_bytes(outcome->cgroup_max_usage_bytes).text);
		fprintf(out, " of %s at most; ", units_bytes(outcome->cgroup_limit_bytes).text);
	}
	fprintf(out, "the machine has %s of RAM)", units_bytes(outcome->machine_ram_bytes).text);
}

int report_verdict_sentence(FILE *out, const struct profile *profile)
{
	const struct outcome *outcome = &profile->outcome;
	switch (outcome->verdict) {
	case VERDICT_RUNNING:
		write_running(out, profile);
		break;
	case VERDICT_PART:
		fputs("a part of the program, which ended", out);
		break;
	case VERDICT_EXITED:
	case VERDICT_SIGNALED:
		write_end(out, outcome);
		break;
	case VERDICT_OOM_CONFIRMED:
		write_confirmed(out, outcome);
		break;
	case VERDICT_OOM_LIKELY:
		write_likely(out, outcome);
		break;
	case VERDICT_KILLED_BY_OTHER:
		fputs("killed by somebody's signal 9 (SIGKILL): the kernel counted no "
		      "out-of-memory kill",
		      out);
		break;
	case VERDICT_ALLOCATION_FAILED:
		fprintf(out, "an allocation of %s failed, then it ",
			units_bytes(outcome->failed_bytes).text);
		fputs(outcome->signal ? "was " : "", out);
		write_end(out, outcome);
		break;
	case VERDICT_CEILING:
		write_ceiling(out, &outcome->breach);
		break;
	case VERDICT_LOST:
		write_lost(out, outcome);
		break;
	case VERDICT_UNKNOWN:
	case VERDICT_COUNT:
		fputs("ended, but how could not be learnt", out);
		break;
	}
	return ferror(out) ? -1 : 0;
}

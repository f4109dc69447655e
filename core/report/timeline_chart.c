// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Memory over time. The lines are an SVG that is stretched to its place, with a stroke that is
 * not; what is text stands in HTML over it, placed in percent: so it is legible at any width,
 * without script. Resident memory is stacked areas, the rest are lines.
 */

#include "core/report/html_parts.h"

#include "core/base/attributes.h"
#include "core/report/units.h"

#include <inttypes.h>
#include <stdbool.h>

/** The coordinates of the drawing: the scale of the viewBox. */
#define CHART_WIDTH 10000u
#define CHART_HEIGHT 2600u
/** What would make the rest that many times smaller is told, not drawn: a limit, a container. */
#define FAR_FACTOR 2u

/** A limit; 0 bytes: there is none. Drawn or told. */
struct limit {
	uint64_t bytes;
	const char *name;
	bool is_drawn;
};

/** The container's, and the one that --limit set. */
#define LIMITS 2u

struct chart {
	FILE *out;
	const struct profile *profile;
	uint64_t end_ms;    /* right edge */
	uint64_t top_bytes; /* upper edge */
	struct limit limits[LIMITS];
	/** The container's use; drawn or told, or there is none. */
	bool cgroup_drawn;
	uint64_t cgroup_max;
};

enum series { SERIES_ANONYMOUS, SERIES_SHARED, SERIES_FILE, SERIES_TRACKED, SERIES_CGROUP };

static uint64_t sample_value(const struct usage_sample *sample, enum series series)
{
	switch (series) {
	case SERIES_ANONYMOUS:
		return sample->anonymous_bytes;
	case SERIES_SHARED:
		return sample->anonymous_bytes + sample->shared_bytes;
	case SERIES_FILE:
		return sample->anonymous_bytes + sample->shared_bytes + sample->file_bytes;
	case SERIES_TRACKED:
		return sample->tracked_bytes;
	default:
		return sample->cgroup_bytes;
	}
}

static uint64_t series_max(const struct profile *profile, enum series series)
{
	uint64_t max = 0;
	for (uint32_t i = 0; i < profile->sample_count; i++) {
		uint64_t value = sample_value(&profile->samples[i], series);
		max = value > max ? value : max;
	}
	return max;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void set_limits(struct chart *chart)
{
	const struct outcome *outcome = &chart->profile->outcome;
	const struct breach *breach = &outcome->breach;
	/* Address space is nothing that is drawn here. */
	bool is_comparable =
		breach->metric == CEILING_RESIDENT || breach->metric == CEILING_ALLOCATED;
	chart->limits[0] = (struct limit){
		.bytes = outcome->cgroup_limit_bytes,
		.name = "container limit",
	};
	chart->limits[1] = (struct limit){
		.bytes = is_comparable ? breach->limit_bytes : 0,
		.name = breach->metric == CEILING_ALLOCATED ? "--limit (of allocated)" : "--limit",
	};
}

static void set_scale(struct chart *chart)
{
	const struct profile *profile = chart->profile;
	uint64_t max = larger(profile->peak_bytes, 1);
	max = larger(max, series_max(profile, SERIES_FILE));
	max = larger(max, series_max(profile, SERIES_TRACKED));
	chart->cgroup_max = series_max(profile, SERIES_CGROUP);
	if (chart->cgroup_max && chart->cgroup_max / FAR_FACTOR <= max) {
		chart->cgroup_drawn = true;
		max = larger(max, chart->cgroup_max);
	}
	for (unsigned i = 0; i < LIMITS; i++) {
		struct limit *limit = &chart->limits[i];
		limit->is_drawn = limit->bytes && limit->bytes / FAR_FACTOR <= max;
	}
	for (unsigned i = 0; i < LIMITS; i++) {
		max = larger(max, chart->limits[i].is_drawn ? chart->limits[i].bytes : 0);
	}
	chart->top_bytes = max > UINT64_MAX - max / 20 ? max : max + max / 20;
	int64_t duration_ms = profile->outcome.duration_ms;
	uint64_t last_ms = profile->samples[profile->sample_count - 1].time_ms;
	chart->end_ms = larger(duration_ms > 0 ? (uint64_t)duration_ms : 1, last_ms);
}

static unsigned scaled(uint64_t value, uint64_t whole, unsigned size)
{
	return value >= whole ? size : (unsigned)((unsigned __int128)value * size / whole);
}

static unsigned chart_x(const struct chart *chart, uint64_t ms)
{
	return scaled(ms, chart->end_ms, CHART_WIDTH);
}

static unsigned chart_y(const struct chart *chart, uint64_t bytes)
{
	return CHART_HEIGHT - scaled(bytes, chart->top_bytes, CHART_HEIGHT);
}

/* A value holds for its bin: steps. An area is closed along the lower edge. */
static void write_series(const struct chart *chart, enum series series, const char *class,
			 bool area)
{
	const struct profile *profile = chart->profile;
	unsigned last_y = UINT32_MAX;
	fprintf(chart->out, "<path class=\"%s\" d=\"M", class);
	if (area) {
		fprintf(chart->out, "0 %uV", CHART_HEIGHT);
	}
	for (uint32_t i = 0; i < profile->sample_count; i++) {
		const struct usage_sample *sample = &profile->samples[i];
		unsigned y = chart_y(chart, sample_value(sample, series));
		if (i == 0) {
			fprintf(chart->out, area ? "%u" : "0 %u", y);
		} else if (y != last_y) {
			fprintf(chart->out, "H%uV%u", chart_x(chart, sample->time_ms), y);
		}
		last_y = y;
	}
	fprintf(chart->out, "H%u", CHART_WIDTH);
	fprintf(chart->out, area ? "V%uZ\"/>\n" : "\"/>\n", CHART_HEIGHT);
}

static void write_level(const struct chart *chart, uint64_t bytes, const char *class)
{
	fprintf(chart->out, "<path class=\"%s\" d=\"M0 %uH%u\"/>\n", class, chart_y(chart, bytes),
		CHART_WIDTH);
}

/* The least step of 1, 2, 5 ... 500 of a binary unit that gives at most five lines. */
static uint64_t byte_step(uint64_t top, const char **ret_unit, uint64_t *ret_unit_bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	static const uint16_t steps[] = { 1, 2, 5, 10, 20, 50, 100, 200, 500 };
	uint64_t unit = 1;
	for (unsigned i = 0; i < countof(units); i++, unit *= 1024) {
		*ret_unit = units[i];
		*ret_unit_bytes = unit;
		for (unsigned s = 0; s < countof(steps); s++) {
			if (top / (unit * steps[s]) <= 5) {
				return unit * steps[s];
			}
		}
	}
	return top;
}

static void write_percent(FILE *out, const char *property, unsigned part, unsigned whole)
{
	unsigned hundredths = (unsigned)((uint64_t)part * 10000 / whole);
	fprintf(out, "%s:%u.%02u%%", property, hundredths / 100, hundredths % 100);
}

static void write_byte_axis(const struct chart *chart)
{
	const char *unit;
	uint64_t unit_bytes;
	uint64_t step = byte_step(chart->top_bytes, &unit, &unit_bytes);
	for (uint64_t at = 0; at <= chart->top_bytes; at += step) {
		fputs("<span class=\"tick y\" style=\"", chart->out);
		write_percent(chart->out, "top", chart_y(chart, at), CHART_HEIGHT);
		fprintf(chart->out, "\"><span>%s</span></span>\n",
			at ? units_count(at / unit_bytes).text : "0");
		if (at + step < at) {
			break;
		}
	}
	fprintf(chart->out, "<span class=\"unit\">%s</span>\n", unit);
}

struct time_unit {
	uint64_t ms;
	const char *name;
};

/* The least usual step that gives at most six marks, and the unit in which to name it. */
static uint64_t time_step(uint64_t end_ms, struct time_unit *ret_unit)
{
	static const struct {
		uint32_t ms[9];
		struct time_unit unit;
	} scales[] = {
		{ { 1, 2, 5, 10, 20, 50, 100, 200, 500 }, { 1, "ms" } },
		{ { 1000, 2000, 5000, 10000, 15000, 20000, 30000 }, { 1000, "s" } },
		{ { 60000, 120000, 300000, 600000, 900000, 1200000, 1800000 }, { 60000, "min" } },
		{ { 3600000, 7200000, 10800000, 21600000, 43200000 }, { 3600000, "h" } },
		{ { 86400000, 172800000, 432000000, 864000000, 1728000000 }, { 86400000, "d" } },
	};
	for (unsigned i = 0; i < countof(scales); i++) {
		*ret_unit = scales[i].unit;
		for (unsigned s = 0; s < 9 && scales[i].ms[s]; s++) {
			if (end_ms / scales[i].ms[s] <= 6) {
				return scales[i].ms[s];
			}
		}
	}
	return larger(end_ms / 6 / 86400000, 1) * 86400000;
}

static void write_time_axis(const struct chart *chart)
{
	struct time_unit unit;
	uint64_t step = time_step(chart->end_ms, &unit);
	for (uint64_t at = 0; at <= chart->end_ms; at += step) {
		fputs("<span class=\"tick x\" style=\"", chart->out);
		write_percent(chart->out, "left", chart_x(chart, at), CHART_WIDTH);
		fprintf(chart->out, "\"><span>%s %s</span></span>\n",
			units_count(at / unit.ms).text, unit.name);
		if (at + step < at) {
			break;
		}
	}
}

static void write_level_name(const struct chart *chart, uint64_t bytes, const char *class,
			     const char *name)
{
	fprintf(chart->out, "<span class=\"level %s\" style=\"", class);
	write_percent(chart->out, "top", chart_y(chart, bytes), CHART_HEIGHT);
	fprintf(chart->out, "\">%s %s</span>\n", name, units_bytes(bytes).text);
}

static void write_key(const struct chart *chart, const char *class, const char *name)
{
	fprintf(chart->out, "<li><i class=\"key %s\"></i>%s</li>\n", class, name);
}

/* What is too far above the rest to be drawn. */
static void write_far(const struct chart *chart, const char *name, uint64_t bytes)
{
	fprintf(chart->out, "<li>%s %s, above the chart</li>\n", name, units_bytes(bytes).text);
}

static void write_legend(const struct chart *chart)
{
	const struct profile *profile = chart->profile;
	fputs("<ul class=\"legend\">\n", chart->out);
	write_key(chart, "tracked", "tracked: what the program asked for");
	write_key(chart, "anonymous", "resident: its own pages");
	if (series_max(profile, SERIES_SHARED) > series_max(profile, SERIES_ANONYMOUS)) {
		write_key(chart, "shared", "resident: shared memory");
	}
	if (series_max(profile, SERIES_FILE) > series_max(profile, SERIES_SHARED)) {
		write_key(chart, "file", "resident: pages of files");
	}
	if (chart->cgroup_drawn) {
		write_key(chart, "cgroup", "container (cgroup), with whatever else runs in it");
	} else if (chart->cgroup_max) {
		write_far(chart, "container (cgroup), with whatever else runs in it: up to",
			  chart->cgroup_max);
	}
	for (unsigned i = 0; i < LIMITS; i++) {
		const struct limit *limit = &chart->limits[i];
		if (limit->bytes && !limit->is_drawn) {
			write_far(chart, limit->name, limit->bytes);
		}
	}
	fputs("</ul>\n", chart->out);
}

static void write_drawing(const struct chart *chart)
{
	fprintf(chart->out,
		"<svg viewBox=\"0 0 %u %u\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\n",
		CHART_WIDTH, CHART_HEIGHT);
	write_series(chart, SERIES_FILE, "area file", true);
	write_series(chart, SERIES_SHARED, "area shared", true);
	write_series(chart, SERIES_ANONYMOUS, "area anonymous", true);
	write_level(chart, chart->profile->peak_bytes, "line peak");
	if (chart->cgroup_drawn) {
		write_series(chart, SERIES_CGROUP, "line cgroup", false);
	}
	write_series(chart, SERIES_TRACKED, "line tracked", false);
	for (unsigned i = 0; i < LIMITS; i++) {
		if (chart->limits[i].is_drawn) {
			write_level(chart, chart->limits[i].bytes, "line limit");
		}
	}
	fputs("</svg>\n", chart->out);
}

void timeline_chart_write(FILE *out, const struct profile *profile)
{
	struct chart chart = { .out = out, .profile = profile };
	if (profile->sample_count == 0) {
		fputs("<p class=\"empty\">The run was too short to be measured over time.</p>\n",
		      out);
		return;
	}
	set_limits(&chart);
	set_scale(&chart);
	fprintf(out,
		"<figure class=\"chart\" id=\"chart\" tabindex=\"0\" role=\"img\" "
		"data-end=\"%" PRIu64 "\" data-top=\"%" PRIu64 "\" "
		"aria-label=\"Memory over time; the peak of tracked memory is %s\">\n"
		"<div class=\"plot\">\n",
		chart.end_ms, chart.top_bytes, units_bytes(profile->peak_bytes).text);
	write_byte_axis(&chart);
	write_time_axis(&chart);
	write_drawing(&chart);
	write_level_name(&chart, profile->peak_bytes, "peak", "peak of tracked");
	for (unsigned i = 0; i < LIMITS; i++) {
		if (chart.limits[i].is_drawn) {
			write_level_name(&chart, chart.limits[i].bytes, "limit",
					 chart.limits[i].name);
		}
	}
	fputs("</div>\n<figcaption>\n", out);
	write_legend(&chart);
	fputs("</figcaption>\n</figure>\n", out);
}

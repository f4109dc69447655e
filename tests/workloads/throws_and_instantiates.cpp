// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Allocates blocks of marked sizes, 1000000 to 1000999 bytes, in templates, constructors,
 * destructors while an exception is on its way, and handlers; and keeps them.
 */
#include <cstdlib>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

static unsigned state = 1;
static unsigned count;
void *kept[1000];

static unsigned next(unsigned below)
{
	state = state * 1103515245 + 12345;
	return (state >> 16) % below;
}

static __attribute__((noinline)) void keep()
{
	kept[count] = std::malloc(1000000 + count);
	count++;
}

static void descend(int depth);

struct keeps_at_its_end {
	int depth;
	~keeps_at_its_end()
	{
		keep();
	}
};

static __attribute__((noinline)) void throws(int depth)
{
	keeps_at_its_end here{ depth };
	descend(depth);
	throw std::runtime_error(std::string(100, 'x'));
}

static __attribute__((noinline)) void catches(int depth)
{
	try {
		throws(depth);
	} catch (const std::exception &error) {
		kept[count] = std::malloc(1000000 + count + error.what()[0] - 'x');
		count++;
		if (next(2)) {
			descend(depth / 2);
		}
	}
}

template <typename Key> __attribute__((noinline)) void in_a_map(Key key, int depth)
{
	std::map<Key, std::function<void()>> calls;
	calls[key] = [depth] { descend(depth); };
	calls[key]();
}

template <int N> struct nested {
	static __attribute__((noinline)) void call(int depth)
	{
		nested<N - 1>::call(depth);
		asm volatile("" ::: "memory");
	}
};

template <> struct nested<0> {
	static __attribute__((noinline)) void call(int depth)
	{
		descend(depth);
		asm volatile("" ::: "memory");
	}
};

static void descend(int depth)
{
	if (depth <= 0 || count > 400) {
		keep();
		return;
	}
	switch (next(4)) {
	case 0:
		catches(depth - 1);
		break;
	case 1:
		in_a_map(std::string("key"), depth - 1);
		break;
	case 2:
		in_a_map(depth, depth - 1);
		break;
	default:
		nested<5>::call(depth - 1);
	}
}

int main()
{
	while (count < 400) {
		descend(static_cast<int>(next(7)));
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The screen over a recorder, as an operator sees it: on a pseudo terminal, over the veth pair v0 - v1 of a namespace
 * that tests/ui/live.sh has made (which sets LIVE_DIR). Frames are sent into v0, and looked for on the terminal.
 */
#include "pty.h"
#include "vt.h"

#include "../patience.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { W = 140, H = 40, CLIENT = 40000, SYSLOG = 514, FRAME = 142, SLICE_S = 20, FLOW_SLICE_S = 3600, ROOM_S = 60, LOOKS = 3, RESIZES = 10000 };
/* Longer than what is seen in one takes, on a slow machine too. */
#define SLICES "20s,1h,1h"
static const double shown_within_s = 2, left_within_s = 2;

static struct vt vt;
static char store[512], recorder_err[512];
static pid_t recorder; /* another process than the screen, or 0 */

/* ---- frames ----------------------------------------------------------------------------------- */

static void put16(uint8_t *to, unsigned v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
}

static unsigned ip_sum(const uint8_t *header)
{
	unsigned sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (unsigned)header[i] << 8 | header[i + 1];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* One UDP frame from 10.9.0.1 to 10.9.0.SERVER, to the port of syslog. */
static void send_frame(unsigned server, unsigned client_port)
{
	static const uint8_t head[] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, FRAME - 14, 0, 0, 0x40, 0,
		64, 17, 0, 0, 10, 9, 0, 1, 10, 9, 0 };
	uint8_t frame[FRAME] = { 0 };
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("v0") };
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_IP));

	assert_true(fd >= 0);
	memcpy(frame, head, sizeof(head));
	frame[33] = (uint8_t)server;
	put16(frame + 24, ip_sum(frame + 14));
	put16(frame + 34, client_port);
	put16(frame + 36, SYSLOG);
	put16(frame + 38, FRAME - 34);
	assert_int_equal(sendto(fd, frame, FRAME, 0, (struct sockaddr *)&to, sizeof(to)), FRAME);
	close(fd);
}

/* ---- the terminal ----------------------------------------------------------------------------- */

static void on_bytes(const uint8_t *bytes, size_t n)
{
	vt_bytes(&vt, bytes, n);
}

static void show_terminal(void)
{
	for (int y = 0; y < vt.h; y++)
		print_message("|%s\n", vt_line(&vt, y));
}

/* Until the text is on the terminal; how long that took. */
static double wait_for(const char *text, double within_s)
{
	double from = now_s();

	while (vt_find(&vt, text) < 0) {
		if (now_s() - from > within_s * patience()) {
			show_terminal();
			fail_msg("'%s' was not shown within %.1f s", text, within_s);
		}
		pty_take(20);
	}
	return now_s() - from;
}

static void open_screen(const char *const *arguments)
{
	vt_init(&vt, W, H);
	pty_start(&(struct pty_options){
		.term = "xterm-256color", .arguments = arguments, .w = W, .h = H, .on_bytes = on_bytes });
}

static void leave_with(int exit_status)
{
	int status;

	pty_type("Q");
	status = pty_finish();
	if (!WIFEXITED(status) || WEXITSTATUS(status) != exit_status) {
		show_terminal();
		fail_msg("ended with status %x", status);
	}
	if (vt.found != NULL || vt_left_over(&vt) != NULL)
		fail_msg("%s; left over: %s", vt.found, vt_left_over(&vt));
}

static void leave(void)
{
	leave_with(0);
}

/* Waits for the next second of the clock that is a multiple of `period`, so that a slice is whole. */
static void wait_for_slice(int64_t period_s)
{
	struct timespec t, step;

	clock_gettime(CLOCK_REALTIME, &t);
	step = (struct timespec){ .tv_sec = period_s - 1 - t.tv_sec % period_s, .tv_nsec = 999999999 - t.tv_nsec };
	nanosleep(&step, NULL);
	while (pty_take(0))
		;
}

/* ---- a recorder ------------------------------------------------------------------------------- */

static void name_store(const char *name)
{
	const char *dir = getenv("LIVE_DIR");

	if (dir == NULL)
		skip();
	snprintf(store, sizeof(store), "%s/%s.fdr", dir, name);
	snprintf(recorder_err, sizeof(recorder_err), "%s/%s.err", dir, name);
}

static void start_recorder(void)
{
	recorder = fork();
	if (recorder == 0) {
		int fd = open(recorder_err, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(fd, STDERR_FILENO);
		execl(getenv("FLOWDRILL"), "flowdrill", "capture", "-i", "v1", "-s", store, "--slices", SLICES, (char *)NULL);
		_exit(127);
	}
	assert_true(recorder > 0);
	for (int i = 0; i < 500 * patience(); i++) {
		struct stat st;

		if (stat(recorder_err, &st) == 0 && st.st_size > 0) /* it says that it is recording */
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000 * 1000 }, NULL);
	}
	fail_msg("no recorder");
}

static void end_recorder(void)
{
	int status;

	kill(recorder, SIGTERM);
	assert_int_equal(waitpid(recorder, &status, 0), recorder);
	recorder = 0;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void store_is_whole(void)
{
	char command[2048];

	snprintf(command, sizeof(command), "'%s' -q check -s '%s' >/dev/null", getenv("FLOWDRILL"), store);
	assert_int_equal(system(command), 0);
}

/* ---- what came off the wire is seen ------------------------------------------------------------ */

static double worst;

/* A frame that was just sent shows itself in this. */
static void see(const char *text)
{
	double took = wait_for(text, shown_within_s);

	worst = took > worst ? took : worst;
}

/* Down the tiers, a new row in each of them. */
static void see_tiers(void)
{
	char text[32];

	if (time(NULL) % FLOW_SLICE_S > FLOW_SLICE_S - ROOM_S) /* else the next packets are of another flow and window */
		wait_for_slice(FLOW_SLICE_S);
	worst = 0;
	for (unsigned i = 0; i < LOOKS; i++) {
		send_frame(10 + i, CLIENT);
		snprintf(text, sizeof(text), "10.9.0.%u ", 10 + i);
		see(text);
	}
	print_message("macroflows: shown after %.2f s at most\n", worst);
	worst = 0;
	pty_type("\r");
	wait_for("40000", 10);
	for (unsigned i = 1; i <= LOOKS; i++) {
		send_frame(10, CLIENT + i);
		snprintf(text, sizeof(text), "%u", CLIENT + i);
		see(text);
	}
	print_message("flows: shown after %.2f s at most\n", worst);
	worst = 0;
	pty_type("\r");
	wait_for(" 1/1", 10);
	wait_for_slice(SLICE_S);
	send_frame(10, CLIENT);
	see(" 1/2");
	print_message("microflows: shown after %.2f s\n", worst);
	worst = 0;
	pty_type("G");
	wait_for(" 2/2", 10);
	pty_type("\r");
	wait_for(" 1/1", 10);
	send_frame(10, CLIENT);
	see(" 1/2");
	print_message("packets: shown after %.2f s\n", worst);
}

static void see_pid(pid_t pid)
{
	char text[64];

	snprintf(text, sizeof(text), "live, recorder %d", (int)pid);
	wait_for(text, 10);
}

/* What a test that failed has left. */
static int tear_down(void **state)
{
	(void)state;
	if (recorder > 0)
		kill(recorder, SIGTERM);
	recorder = 0;
	return 0;
}

static void test_own_recorder(void **state)
{
	(void)state;
	name_store("own");
	open_screen((const char *const[]){ "-i", "v1", "-s", store, "--slices", SLICES, NULL });
	see_pid(pty.pid);
	see_tiers();
	leave();
	store_is_whole();
}

static void test_other_recorder(void **state)
{
	(void)state;
	name_store("other");
	start_recorder();
	open_screen((const char *const[]){ "-s", store, NULL });
	see_pid(recorder);
	see_tiers();
	end_recorder();
	wait_for("recording has ended", 10);
	leave();
	store_is_whole();
}

/* ---- what it costs ----------------------------------------------------------------------------- */

/* Processor time of a process, of all its threads. */
static double used_s(pid_t pid)
{
	char path[64], line[1024], *at;
	unsigned long user, system;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	at = strrchr(line, ')');
	assert_int_equal(sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system), 2);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* Per cent of a processor that the screen takes from now on. */
static double load_over(double seconds)
{
	double from = now_s(), before = used_s(pty.pid);

	while (now_s() - from < seconds)
		pty_take(100);
	return 100 * (used_s(pty.pid) - before) / (now_s() - from);
}

static double period_s(void)
{
	const char *asked = getenv("LIVE_IDLE_S");

	return asked != NULL ? atof(asked) : 4;
}

static pid_t start_flood(unsigned frames, unsigned per_s)
{
	const char *top = getenv("top_builddir");
	char tool[4096], count[16], rate[16];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	close(pty.fd); /* the terminal is gone when we close it */
	snprintf(tool, sizeof(tool), "%s/tests/capture/flood-tool", top != NULL ? top : ".");
	snprintf(count, sizeof(count), "%u", frames);
	snprintf(rate, sizeof(rate), "%u", per_s);
	dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
	execl(tool, "flood-tool", "v0", count, "142", rate, "100", (char *)NULL);
	_exit(127);
}

static void end_flood(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* The screen alone, beside a recorder; first over silence, then over 1,000 packets a second. */
static void test_cost(void **state)
{
	double idle, busy, seconds = period_s();
	pid_t flood;

	(void)state;
	name_store("cost");
	start_recorder();
	open_screen((const char *const[]){ "-s", store, NULL });
	see_pid(recorder);
	send_frame(10, CLIENT);
	wait_for("10.9.0.10 ", 10);
	load_over(2);
	idle = load_over(seconds);
	flood = start_flood((unsigned)(1000 * (seconds + 2)), 1000);
	load_over(2);
	busy = load_over(seconds);
	wait_for(" k packets", 2); /* it has kept up */
	end_flood(flood);
	print_message("over %.0f s: idle %.2f %% of a processor, with 1,000 packets/s %.2f %%\n", seconds, idle, busy);
	leave();
	end_recorder();
#ifndef __SANITIZE_ADDRESS__
	assert_true(idle < 1 * patience());
	assert_true(busy < 10 * patience());
#endif
}

/* ---- troubles ---------------------------------------------------------------------------------- */

static void run(const char *command)
{
	assert_int_equal(system(command), 0);
}

static void test_interface(void **state)
{
	(void)state;
	name_store("interface");
	open_screen((const char *const[]){ "-i", "v1", "-s", store, NULL });
	see_pid(pty.pid);
	send_frame(9, CLIENT);
	wait_for("10.9.0.9 ", 5); /* what was in the log before is no news */
	run("ip link set v1 down");
	wait_for("v1 is down: capture goes on when it is up again", 5);
	wait_for(", v1 down", 5);
	pty_resize(60, 20);
	vt_resize(&vt, 60, 20);
	wait_for("v1 down", 5); /* in little room too */
	pty_resize(W, H);
	vt_resize(&vt, W, H);
	run("ip link set v1 up");
	wait_for("v1 is up again", 5);
	assert_int_equal(vt_find(&vt, "v1 down"), -1);
	send_frame(10, CLIENT);
	wait_for("10.9.0.10 ", 5);
	run("ip link del v0; ip link add v0 type veth peer name v1 && ip link set v0 up arp off && ip link set v1 up arp off");
	wait_for("gone: ", 5); /* the interface, or the recording with it, where one look saw both */
	wait_for("recording ended", 5); /* there is no other interface */
	leave_with(3);
	store_is_whole();
	/* a new recorder begins anew */
	open_screen((const char *const[]){ "-i", "v1", "-s", store, NULL });
	see_pid(pty.pid);
	send_frame(11, CLIENT);
	wait_for("10.9.0.11 ", 10);
	assert_int_equal(vt_find(&vt, "recording ended"), -1);
	leave();
}

static void test_drops(void **state)
{
	pid_t flood;

	(void)state;
	name_store("drops");
	open_screen((const char *const[]){ "-i", "v1", "-s", store, "--buffer-size", "1Mi", NULL });
	see_pid(pty.pid);
	send_frame(10, CLIENT);
	wait_for("0 dropped", 10);
	kill(pty.pid, SIGSTOP); /* nobody empties the ring */
	flood = start_flood(100000, 0);
	end_flood(flood);
	kill(pty.pid, SIGCONT);
	for (double from = now_s(); vt_find(&vt, " dropped") < 0 || vt_find(&vt, "0 dropped") >= 0; pty_take(20))
		if (now_s() - from > 5 * patience())
			break;
	wait_for("packets were dropped: they came faster than they could be taken", 5);
	print_message("%s\n", vt_line(&vt, 0));
	assert_true(vt_find(&vt, " dropped") == 0 && vt_find(&vt, " 0 dropped") < 0);
	leave();
	store_is_whole();
}

/* Ten thousand sizes while packets come, in five seconds: none is lost. */
static void test_resizes(void **state)
{
	char text[64];
	pid_t flood;
	double from;

	(void)state;
	name_store("resizes");
	open_screen((const char *const[]){ "-i", "v1", "-s", store, NULL });
	see_pid(pty.pid);
	from = now_s();
	flood = start_flood(RESIZES, 2 * RESIZES / 10);
	for (unsigned i = 0; i < RESIZES; i++) {
		pty_resize(1 + i * 7 % 200, 1 + i * 3 % 60);
		assert_int_equal(kill(pty.pid, SIGWINCH), 0);
		while (now_s() - from < i * 5.0 / RESIZES)
			(void)pty_take(1);
	}
	print_message("%d resizes in %.2f s\n", RESIZES, now_s() - from);
	assert_true(now_s() - from < 10 * patience());
	end_flood(flood);
	vt_init(&vt, W, H);
	pty_resize(W, H);
	from = now_s();
	wait_for("live, recorder", shown_within_s);
	print_message("drawn %.0f ms after the last of them\n", (now_s() - from) * 1e3);
	wait_for("10 k packets", 10);
	snprintf(text, sizeof(text), "v1: %d received, %d stored, 0 refused, 0 dropped", RESIZES, RESIZES);
	leave();
	if (vt_find(&vt, text) < 0) {
		show_terminal();
		fail_msg("not said: %s", text);
	}
}

/* An interface with a name that a terminal would obey. */
static void test_hostile_name(void **state)
{
	static const char name[] = "\033]0;p\007\x9b" "7m\xe2\x80\xae";
	char command[256];

	(void)state;
	name_store("hostile");
	snprintf(command, sizeof(command), "ip link set v1 down && ip link set v1 name '%s' && ip link set '%s' up", name, name);
	run(command);
	open_screen((const char *const[]){ "-i", name, "-s", store, NULL });
	wait_for("waiting for packets on \\x1b]0;p", 10);
	leave();
	assert_true(vt_find(&vt, "\\x1b]0;p") >= 0); /* what is said at the end */
	snprintf(command, sizeof(command), "ip link set '%s' down && ip link set '%s' name v1 && ip link set v1 up", name, name);
	run(command);
}

/* The terminal goes away while packets come. */
static void test_lost_terminal(void **state)
{
	double from;
	pid_t flood;
	int status;

	(void)state;
	name_store("lost");
	open_screen((const char *const[]){ "-i", "v1", "-s", store, NULL });
	see_pid(pty.pid);
	flood = start_flood(5000, 1000);
	wait_for("10.99.0.", 10);
	from = now_s();
	close(pty.fd);
	assert_int_equal(waitpid(pty.pid, &status, 0), pty.pid);
	print_message("sealed and gone %.2f s after the terminal\n", now_s() - from);
	assert_true(now_s() - from < left_within_s * patience());
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	end_flood(flood);
	store_is_whole();
}

#define TEST(f) cmocka_unit_test_teardown(f, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_own_recorder),
		TEST(test_other_recorder),
		TEST(test_cost),
		TEST(test_drops),
		TEST(test_resizes),
		TEST(test_lost_terminal),
		TEST(test_hostile_name),
		TEST(test_interface), /* makes the interfaces anew */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

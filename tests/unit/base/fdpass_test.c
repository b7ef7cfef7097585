/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fdpass.h"

TEST("a descriptor goes over with its number, close-on-exec")
{
	int s[2], p[2], fd = -1;
	int32_t number = 0;
	struct err e;
	char c = 0;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s), 0);
	assert_int_equal(pipe(p), 0);
	CHECK_OK(fdpass_send(s[0], p[1], 4711, &e), &e);
	CHECK_OK(fdpass_receive(s[1], &fd, &number, &e), &e);
	assert_int_equal(number, 4711);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(read(p[0], &c, 1), 1);
	assert_int_equal(c, 'x');
	close(fd);
	close(p[0]);
	close(p[1]);
	close(s[0]);
	close(s[1]);
}

TEST("no descriptor, a message of another length and a closed socket are refused")
{
	int s[2], fd = -7;
	int32_t number = -7;
	struct err e;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s), 0);
	assert_int_equal(send(s[0], &number, sizeof(number), 0), sizeof(number));
	CHECK_ERR(fdpass_receive(s[1], &fd, &number, &e), &e, ERR_INTERNAL);
	assert_int_equal(send(s[0], "12345678", 8, 0), 8);
	CHECK_ERR(fdpass_receive(s[1], &fd, &number, &e), &e, ERR_INTERNAL);
	close(s[0]);
	CHECK_ERR(fdpass_receive(s[1], &fd, &number, &e), &e, ERR_INTERNAL);
	CHECK_ERR(fdpass_send(s[1], 0, 1, &e), &e, ERR_INTERNAL);
	assert_int_equal(fd, -7);
	assert_int_equal(number, -7);
	close(s[1]);
}

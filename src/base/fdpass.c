/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fdpass.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr header;		/* for its alignment */
	char bytes[CMSG_SPACE(sizeof(int))];
};

bool
fdpass_send(int socket, int fd, int32_t number, struct err *e)
{
	union control control = { .bytes = { 0 } };
	struct iovec data = { &number, sizeof(number) };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	ssize_t n;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	do {
		n = sendmsg(socket, &m, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n == sizeof(number) ? true : err_sys(e, ERR_INTERNAL, "hand over a descriptor");
}

static bool
take_fd(struct msghdr *m, int *out)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	if (c == NULL || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len != CMSG_LEN(sizeof(*out)))
		return false;
	memcpy(out, CMSG_DATA(c), sizeof(*out));
	return true;
}

bool
fdpass_receive(int socket, int *out_fd, int32_t *out_number, struct err *e)
{
	union control control = { .bytes = { 0 } };
	int32_t number = 0;
	struct iovec data = { &number, sizeof(number) };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control) };
	int fd = -1;
	ssize_t n;

	do {
		n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, ERR_INTERNAL, "take over a descriptor");
	if (!take_fd(&m, &fd))
		return err_set(e, ERR_INTERNAL, "no descriptor came");
	if (n != sizeof(number) || (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		close(fd);
		return err_set(e, ERR_INTERNAL, "a descriptor came with something else");
	}
	*out_fd = fd;
	*out_number = number;
	return true;
}

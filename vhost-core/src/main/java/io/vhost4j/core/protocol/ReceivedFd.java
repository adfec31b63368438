// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.protocol;

import io.vhost4j.core.linux.FdBag;
import io.vhost4j.core.linux.OwnedFd;

/**
 * A file descriptor that came with a request. It is closed with the request, unless it was adopted before; so whatever goes
 * wrong in between, nothing leaks.
 */
public final class ReceivedFd {
    private final FdBag bag;
    private final int index;

    ReceivedFd(FdBag bag, int index) {
        this.bag = bag;
        this.index = index;
    }

    /**
     * Takes the descriptor over, once.
     *
     * @return owned by the caller
     */
    public OwnedFd adopt() {
        return bag.take(index);
    }

    @Override
    public String toString() {
        return "fd[" + index + "]";
    }
}

// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

/** What is done with a ring by the thread that is in it, see {@link ChainDevice#serve}. */
@FunctionalInterface
public interface ChainWork {
    /**
     * Gathers, reads and writes chains, and publishes what it has used. The ring may not be used after it returns. An {@link InternalError}
     * that an access to guest memory throws is to come out of it.
     *
     * @return whatever the caller of {@link ChainDevice#serve} wants to know
     */
    int run(Ring ring);
}

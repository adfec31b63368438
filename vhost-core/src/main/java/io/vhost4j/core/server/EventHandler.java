// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.server;

/** Is told what happens at a descriptor. */
@FunctionalInterface
interface EventHandler {
    /**
     * Something happened.
     *
     * @param events constants of {@link io.vhost4j.core.linux.Epoll}, or-ed
     */
    void ready(int events);
}

// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

/** What an application did with a message of the front-end; mirrors {@code enum rte_vhost_msg_result}. */
public enum MessageResult {
    /** Did what it asks for; the library acknowledges it if the front-end wants that. */
    OK,
    /** Did what it asks for; the answer was given by {@link VhostMessage#reply}. */
    REPLY,
    /** Cannot do it: the front-end is told if it wants an acknowledgement, otherwise the session ends. */
    ERR,
    /** Leaves it to the library. */
    NOT_HANDLED
}

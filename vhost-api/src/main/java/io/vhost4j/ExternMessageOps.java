// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

/**
 * Handles messages of the front-end in place of the library, or where the library does not, so that devices of other types can be
 * built; mirrors {@code struct rte_vhost_user_extern_ops}. Called on the event thread with no lock held. An exception ends the
 * session. Register it by {@link VhostDevice#externCallbackRegister}.
 */
public interface ExternMessageOps {
    /**
     * Before the library: unless the result is {@link MessageResult#NOT_HANDLED} the library does nothing with the message. Messages
     * that keep the library's own state (memory, rings, features) should be left to it.
     */
    default MessageResult preMsgHandle(VhostDevice device, VhostMessage message) {
        return MessageResult.NOT_HANDLED;
    }

    /**
     * After what the message asks for was done, by {@link #preMsgHandle} or by the library, or if the library does not know the
     * message. A reply given here is sent instead of theirs. Not called for messages that were refused.
     */
    default MessageResult postMsgHandle(VhostDevice device, VhostMessage message) {
        return MessageResult.NOT_HANDLED;
    }
}

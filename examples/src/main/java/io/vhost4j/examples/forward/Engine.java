// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

/** Moves packets along lanes, in one of the modes. Each poll thread has its own. */
sealed interface Engine permits EchoEngine, RelayEngine, RxOnlyEngine, TimedEngine, TxOnlyEngine {
    /**
     * Moves what there is, up to a burst, without waiting.
     *
     * @return 0 if there was nothing to do
     */
    int poll(Lane lane);

    /**
     * Sends packets that are held for the lane's target, and takes no more from its source, which may be gone.
     *
     * @return whether packets are still held
     */
    default boolean finish(Lane lane) {
        return false;
    }

    /** Gives back what the lane holds; it is not polled any more. */
    void end(Lane lane);
}

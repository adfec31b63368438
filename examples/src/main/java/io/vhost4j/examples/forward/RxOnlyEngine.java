// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

/** Counts what guests send and frees it. */
final class RxOnlyEngine implements Engine {
    private final Mover mover;

    RxOnlyEngine(Mover mover) {
        this.mover = mover;
    }

    @Override
    public int poll(Lane lane) {
        int count = mover.receive(lane);
        if (count > 0) {
            mover.pool().freeBulk(lane.packets, 0, count);
        }
        return count;
    }

    @Override
    public void end(Lane lane) {
        // no packet stays between two polls
    }
}

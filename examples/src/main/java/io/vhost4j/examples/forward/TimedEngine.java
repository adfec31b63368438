// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.examples.wire.Counter;

/** Another engine, with the time of all polls that moved something; costs two looks at the clock in each poll. */
final class TimedEngine implements Engine {
    private final Engine engine;
    private final Counter busyNanos;

    TimedEngine(Engine engine, Counter busyNanos) {
        this.engine = engine;
        this.busyNanos = busyNanos;
    }

    @Override
    public int poll(Lane lane) {
        long before = System.nanoTime();
        int moved = engine.poll(lane);
        if (moved > 0) {
            busyNanos.add(System.nanoTime() - before);
        }
        return moved;
    }

    @Override
    public boolean finish(Lane lane) {
        return engine.finish(lane);
    }

    @Override
    public void end(Lane lane) {
        engine.end(lane);
    }
}

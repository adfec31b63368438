// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vdpa;

import io.vhost4j.VhostException;
import org.jspecify.annotations.Nullable;

/**
 * The one front-end that a device serves, if any. Event thread, but for {@link #now}.
 *
 * @param <S> how it serves
 */
public final class FrontEndSlot<S extends Serving> {
    private final String device;
    private volatile @Nullable S serving;

    /** Of a device that serves nobody; {@code device} is its name. */
    public FrontEndSlot(String device) {
        this.device = device;
    }

    /** What serves, null if nothing does. Any thread. */
    public @Nullable S now() {
        return serving;
    }

    /**
     * Starts to serve.
     *
     * @throws VhostException if another front-end is served, or it cannot be started; then nothing has changed
     */
    public void begin(S next) {
        if (serving != null) {
            throw new VhostException(device + ": serves another front-end");
        }
        next.start();
        serving = next;
        try {
            next.offerDoorbells(true);
        } catch (RuntimeException e) {
            serving = null;
            next.stop();
            throw e;
        }
    }

    /**
     * Takes the doorbells back and empties the slot.
     *
     * @return what served, which the caller must stop; null if nothing did
     */
    public @Nullable S leave() {
        S last = serving;
        if (last == null) {
            return null;
        }
        try {
            // doorbells are those of what serves
            last.offerDoorbells(false);
        } catch (RuntimeException e) {
            serving = null;
            last.stop();
            throw e;
        }
        serving = null;
        return last;
    }

    /** Stops to serve. */
    public void end() {
        S last = leave();
        if (last != null) {
            last.stop();
        }
    }
}

// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vdpa;

import io.vhost4j.VhostException;

/** A device while it serves one front-end. Event thread only. */
public interface Serving {
    /**
     * Starts.
     *
     * @throws VhostException if that fails at any step; then all steps before were undone
     */
    void start();

    /** Lets the guest ring the doorbells itself where it can, or no more; notifications are relayed until it does. */
    void offerDoorbells(boolean enable);

    /** Stops, and tells where the rings stand. */
    void stop();
}

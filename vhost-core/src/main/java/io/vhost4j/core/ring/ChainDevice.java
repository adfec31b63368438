// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

/** What a device has besides its public methods if its rings are served by a module of the library, see {@link ChainDriver}. */
public interface ChainDevice {
    /** Whether its driver was told to serve chains; otherwise no work is ever done. */
    boolean servesChains();

    /**
     * Does some work in a ring, if it runs, is enabled, and no other thread is in it. Afterwards the guest is notified, if it wants to be. Never
     * throws for what a guest does.
     *
     * @param queue the ring's number
     * @param notify whether to notify the guest; otherwise {@code VhostDevice.vringCall} does it later for all that was published
     * @return what the work returned; 0 if it was not done, or guest memory was not there
     */
    int serve(int queue, ChainWork work, boolean notify);
}

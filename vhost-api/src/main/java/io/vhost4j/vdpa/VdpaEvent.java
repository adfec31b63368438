// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.vdpa;

/**
 * Something that happened on the bus.
 *
 * @param what happened
 * @param device to which device
 * @param detail the bus driver's name, or why the device failed; empty otherwise
 */
public record VdpaEvent(Kind what, VdpaIdentity device, String detail) {
    /** What can happen. */
    public enum Kind {
        /** A device was added. */
        ADDED,
        /** A device was deleted. */
        DELETED,
        /** A bus driver took a device. */
        BOUND,
        /** A bus driver gave a device back. */
        UNBOUND
    }
}

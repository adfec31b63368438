// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.vdpa;

import java.util.Set;

/**
 * What a vDPA device is.
 *
 * @param name as it was added to the bus under, without arguments: a PCI address, {@code /dev/vhost-vdpa-0}, {@code sim:loopback}
 * @param kind what it is to the host
 * @param parent what it is a part of, such as the physical function of a virtual one; empty if nothing
 * @param dmaModel how it reaches memory
 * @param groups what it can do
 */
public record VdpaIdentity(
        String name, VdpaDeviceKind kind, String parent, DmaModel dmaModel, Set<OperationGroup> groups) {
    /** Keeps a copy of the groups. */
    public VdpaIdentity {
        groups = Set.copyOf(groups);
    }
}

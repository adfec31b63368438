// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

/**
 * What went over one queue pair since {@link VirtioUserBuilder#connect}. Bytes are those of the packets, without virtio headers.
 *
 * @param txPackets packets given to the back-end
 * @param txBytes their bytes
 * @param txDropped packets that {@link VirtioUser#transmit} freed because no ring of this size can carry them
 * @param rxPackets packets received
 * @param rxBytes their bytes
 */
public record PortStats(long txPackets, long txBytes, long txDropped, long rxPackets, long rxBytes) {}

// SPDX-License-Identifier: BSD-3-Clause
/**
 * The vhost library: {@link io.vhost4j.VhostDriver} registers a socket, {@link io.vhost4j.VhostDeviceOps} tells of devices,
 * {@link io.vhost4j.VhostDevice} moves packets.
 */
@org.jspecify.annotations.NullMarked
package io.vhost4j;

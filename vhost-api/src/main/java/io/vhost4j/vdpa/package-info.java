// SPDX-License-Identifier: BSD-3-Clause
/**
 * vDPA: devices that serve a guest's rings themselves, while the library keeps the control path. A device is found or made by
 * {@link io.vhost4j.vdpa.VdpaBus} and given to a socket by {@link io.vhost4j.VhostDriver#attachVdpaDevice}.
 */
@org.jspecify.annotations.NullMarked
package io.vhost4j.vdpa;

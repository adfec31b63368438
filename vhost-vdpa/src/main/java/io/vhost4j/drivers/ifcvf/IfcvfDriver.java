// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.ifcvf;

import io.vhost4j.ConfigurationException;
import io.vhost4j.drivers.vfio.LinuxVfio;
import io.vhost4j.drivers.vfio.SysPci;
import io.vhost4j.drivers.vfio.VfioDevice;
import io.vhost4j.drivers.vfio.VfioKernel;
import io.vhost4j.spi.VdpaDriver;
import io.vhost4j.vdpa.VdpaDevice;
import io.vhost4j.vdpa.VdpaDeviceType;
import java.util.List;
import java.util.Map;

/** Opens PCI devices by their address, with a VFIO container for each. */
public final class IfcvfDriver implements VdpaDriver {
    private final VfioKernel kernel;
    private final SysPci sys;

    /** For {@link java.util.ServiceLoader}: the devices of this machine. */
    public IfcvfDriver() {
        this(new LinuxVfio(), SysPci.ofMachine());
    }

    /** The devices of another machine, for example a simulated one. */
    public IfcvfDriver(VfioKernel kernel, SysPci sys) {
        this.kernel = kernel;
        this.sys = sys;
    }

    @Override
    public String nameForms() {
        return "PCI addresses such as 0000:3b:00.2";
    }

    @Override
    public boolean knows(String name) {
        return SysPci.isAddress(name);
    }

    @Override
    public List<String> candidates() {
        return sys.boundToVfio().stream()
                .filter(address -> IfcvfIds.typeOf(sys.ids(address)) != null)
                .toList();
    }

    @Override
    public VdpaDevice open(String name, Map<String, String> arguments) {
        IfcvfSettings settings = IfcvfSettings.parse(name, arguments);
        sys.usableGroup(name);
        SysPci.Ids ids = sys.ids(name);
        VdpaDeviceType type = IfcvfIds.typeOf(ids);
        if (type == null) {
            throw new ConfigurationException(name + ": is no virtio network or block device, but " + ids);
        }
        if (!settings.generic() && !IfcvfIds.isIfcvf(ids)) {
            throw new ConfigurationException(name + ": is not one of Intel's IFCVF, but " + ids
                    + "; to use it as any virtio 1.0 device, add the argument generic=1");
        }
        VfioDevice vfio = VfioDevice.open(kernel, sys, name);
        try {
            return new IfcvfDevice(vfio, type, settings, sys.physicalFunction(name));
        } catch (RuntimeException e) {
            vfio.close();
            throw e;
        }
    }
}

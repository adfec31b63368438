// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.asynccopy.ioat;

import io.vhost4j.ConfigurationException;
import io.vhost4j.async.DmaEngine;
import io.vhost4j.drivers.vfio.LinuxVfio;
import io.vhost4j.drivers.vfio.SysPci;
import io.vhost4j.drivers.vfio.VfioKernel;
import io.vhost4j.spi.DmaProvider;
import java.util.List;

/** The engine {@code ioat}: functions of Intel's DMA engines that {@code vfio-pci} has, such as {@code ioat:0000:00:04.0,0000:00:04.1}. */
public final class IoatProvider implements DmaProvider {
    private final VfioKernel kernel;
    private final SysPci sys;

    /** For {@link java.util.ServiceLoader}. */
    public IoatProvider() {
        this(new LinuxVfio(), SysPci.ofMachine());
    }

    IoatProvider(VfioKernel kernel, SysPci sys) {
        this.kernel = kernel;
        this.sys = sys;
    }

    @Override
    public String name() {
        return "ioat";
    }

    @Override
    public String nameForms() {
        return "ioat:PCI-ADDRESS[,PCI-ADDRESS...]";
    }

    @Override
    public DmaEngine open(String arguments) {
        List<String> addresses = List.of(arguments.split(",", -1));
        for (String address : addresses) {
            if (!SysPci.isAddress(address)) {
                throw new ConfigurationException("DMA engine 'ioat:" + arguments + "': '" + address
                        + "' is no PCI address; write it with its domain, such as 0000:00:04.0");
            }
        }
        return IoatEngine.open(kernel, sys, addresses);
    }
}

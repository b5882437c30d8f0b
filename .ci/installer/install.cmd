@echo off
rem Installs Workforce EDI from this folder, without network and without administrator: double-click it, or install.cmd FOLDER
setlocal
set "STARTER=python"
where /q py
if not errorlevel 1 set "STARTER=py -@PYTHON@"
%STARTER% -I "%~dp0install.py" %*
set "CODE=%ERRORLEVEL%"
if not "%CODE%"=="0" echo Not installed. This bundle needs Python @PYTHON@ for Windows, 64-bit; README.txt says more.
pause
exit /b %CODE%
